using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs;
using Npgsql;

namespace BubbleSync.Etl.Audit;

/// <summary>A doctor's look at what the database user may do. Asked by oid: a name in a schema that one may not use cannot even be looked up.</summary>
internal sealed class RightsExamination(NpgsqlConnection connection, DoctorChecks checks)
{
    private const string SchemaSql = "select w.word from pg_namespace n cross join unnest(@rights) with ordinality as w (word, place) where n.nspname = @schema and not has_schema_privilege(n.oid, w.word) order by w.place";

    private const string TableSql =
        """
        select distinct w.word, w.place
        from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join unnest(@rights) with ordinality as w (word, place)
        where n.nspname = @schema and @table in ('', c.relname) and c.relkind in ('r', 'p') and not has_table_privilege(c.oid, w.word)
        order by w.place
        """;

    private const string IndexSql =
        """
        select pg_has_role(c.relowner, 'usage') and has_schema_privilege(n.oid, 'create')
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = @schema and c.relname = @table
        """;

    private static readonly string[] Written = ["select", "insert", "update", "delete"];

    private string _user = "";

    /// <summary>Looks at the schema, the tables of these entities and the control tables.</summary>
    /// <param name="schema">The schema of the target tables.</param>
    /// <param name="lacksTables">Whether tables are still to be made there.</param>
    /// <param name="plans">The entities whose tables are there.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task RunAsync(string schema, bool lacksTables, IReadOnlyList<EntityPlan> plans, CancellationToken cancellationToken)
    {
        _user = Identifier.Quote((await connection.ScalarAsync<string>("select current_user::text", cancellationToken))!);
        if (lacksTables && !await connection.ScalarAsync<bool>("select exists (select from pg_namespace where nspname = @schema)", cancellationToken, ("schema", schema)))
        {
            await ExamineAbsentAsync($"rights on schema {schema}", schema, cancellationToken);
            await ExamineControlTablesAsync(cancellationToken);
            return;
        }

        var closed = await LackingAsync(SchemaSql, schema, "", lacksTables ? ["usage", "create"] : ["usage"], cancellationToken);
        checks.Add($"rights on schema {schema}", closed.Count == 0, closed.Count > 0
            ? $"lacks {string.Join(", ", closed)}. Grant it: grant {string.Join(", ", closed)} on schema {Identifier.Quote(schema)} to {_user};"
            : lacksTables ? "may be used, and tables made there" : "may be used");
        foreach (var plan in plans)
            await ExamineTableAsync(plan, cancellationToken);
        await ExamineControlTablesAsync(cancellationToken);
    }

    /// <summary>Whether the user may make an index on an entity's table.</summary>
    public Task<bool> MayIndexAsync(EntityPlan plan, CancellationToken cancellationToken) =>
        connection.ScalarAsync<bool>(IndexSql, cancellationToken, ("schema", plan.Schema), ("table", plan.Target.Name));

    private async Task ExamineTableAsync(EntityPlan plan, CancellationToken cancellationToken)
    {
        var lacking = await LackingAsync(TableSql, plan.Schema, plan.Target.Name, Written, cancellationToken);
        var (needed, canDelete) = (lacking.Where(r => r != "delete").ToList(), !lacking.Contains("delete"));
        checks.Add($"rights on {plan.Target.Name}", needed.Count == 0, needed.Count > 0
            ? $"lacks {string.Join(", ", needed)}. Grant them: grant select, insert, update on {plan.Table} to {_user};"
            : canDelete ? "read, insert, update, delete" : $"read, insert, update. For --prune hard alone: grant delete on {plan.Table} to {_user};");
    }

    private async Task ExamineAbsentAsync(string check, string schema, CancellationToken cancellationToken)
    {
        var (mayMake, name) = (await connection.RowsAsync("select has_database_privilege(current_database(), 'create'), current_database()::text", r => (r.GetBoolean(0), r.GetString(1)), cancellationToken))[0];
        checks.Add(check, mayMake, mayMake ? "can be made" : $"the user may not make schema {schema}. Grant it: grant create on database {Identifier.Quote(name)} to {_user};");
    }

    private async Task ExamineControlTablesAsync(CancellationToken cancellationToken)
    {
        if (!await connection.ScalarAsync<bool>("select count(*) = 2 from pg_namespace where nspname in ('bubblesync', 'bubblesync_staging')", cancellationToken))
        {
            await ExamineAbsentAsync("control tables", "bubblesync", cancellationToken);
            return;
        }

        List<string> grants =
        [
            .. (await LackingAsync(SchemaSql, "bubblesync", "", ["usage"], cancellationToken)).Select(r => $"grant {r} on schema bubblesync to {_user};"),
            .. (await LackingAsync(SchemaSql, "bubblesync_staging", "", ["usage", "create"], cancellationToken)).Select(r => $"grant {r} on schema bubblesync_staging to {_user};"),
        ];
        if (await LackingAsync(TableSql, "bubblesync", "", Written, cancellationToken) is { Count: > 0 } lacking)
            grants.Add($"grant {string.Join(", ", lacking)} on all tables in schema bubblesync to {_user};");
        if (await TryCheckVersionAsync(cancellationToken) is { } newer)
            checks.Add("control tables", false, newer);
        else
            checks.Add(
                "control tables", grants.Count == 0,
                grants.Count == 0 ? "there, and may be written" : $"the user may not do all that runs do with them. Grant it: {string.Join(' ', grants)}");
    }

    private async Task<string?> TryCheckVersionAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ControlTables.CheckAsync(connection, cancellationToken);
            return null;
        }
        catch (SyncException newer) when (newer.Errors[0].Code == "control-tables-newer")
        {
            return newer.Message;
        }
    }

    private Task<List<string>> LackingAsync(string sql, string schema, string table, string[] rights, CancellationToken cancellationToken) =>
        connection.RowsAsync(sql, r => r.GetString(0), cancellationToken, ("schema", schema), ("table", table), ("rights", rights));
}
