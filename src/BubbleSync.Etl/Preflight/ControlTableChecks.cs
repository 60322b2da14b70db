using System.Data;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Words;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Preflight;

/// <summary>
/// Checks the schemas <c>bubblesync</c> and <c>bubblesync_staging</c>: rights, row-level security, whether what is missing can be made, and whether
/// staging tables that were left behind can be removed.
/// </summary>
/// <param name="connection">A connection to the target with an open transaction.</param>
internal sealed class ControlTableChecks(NpgsqlConnection connection)
{
    private const string Name = "control tables";

    private const string SchemasSql =
        """
        select s.name, n.oid is not null, coalesce(has_schema_privilege(n.oid, 'usage'), false), coalesce(has_schema_privilege(n.oid, 'create'), false),
               has_database_privilege(current_database(), 'create'), current_database()::text, current_user::text
        from unnest(@schemas) with ordinality s (name, place) left join pg_namespace n on n.nspname = s.name order by s.place
        """;

    private const string LackingSql =
        """
        select string_agg(w.word, ', ' order by w.place) || ' on all tables'
        from unnest(array['select', 'insert', 'update', 'delete']) with ordinality w (word, place)
        where exists (
          select from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where n.nspname = 'bubblesync' and (c.relkind = 'r' or c.relkind = 'v' and w.word = 'select') and not has_table_privilege(c.oid, w.word))
        having count(*) > 0
        union all
        select distinct 'execute on all functions' from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'bubblesync' and not has_function_privilege(p.oid, 'execute')
        """;

    private const string ReadableSql =
        """
        select current_user::text, coalesce(bool_and(has_schema_privilege(n.oid, 'usage')), true),
               coalesce(bool_and(has_table_privilege(c.oid, 'select')), true)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'bubblesync' and c.relkind = 'r'
        """;

    private const string SecuredSql =
        """
        select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'bubblesync' and c.relkind = 'r' and row_security_active(c.oid) order by 1
        """;

    // The owner of the schema may drop the tables in it, but not change them; a resumed run changes its own.
    private const string ForeignSql =
        $"""
        select c.relname::text
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'bubblesync_staging' and c.relkind = 'r' and not pg_has_role(c.relowner, 'usage')
          and exists (select from unnest(@labels) l where starts_with(obj_description(c.oid, 'pg_class'), l))
          and (position(' run ' || @run in obj_description(c.oid, 'pg_class')) > 0
            or not pg_has_role(n.nspowner, 'usage') and {RunLockSql.IsStagingLeft})
        order by 1
        """;

    /// <summary>Whether all tables are there; known once they are checked.</summary>
    public bool AreThere { get; private set; }

    /// <summary>Whether the check made them, to be removed again.</summary>
    public bool AreMade { get; private set; }

    /// <summary>Checks them for any run; stops where there is an obstacle.</summary>
    public static async Task RequireAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        TargetFinding.ThrowIfAny([await new ControlTableChecks(connection).RunAsync([], new TargetUse(IsWritten: true), cancellationToken)]);

    /// <summary>
    /// Stops where the user cannot read all rows of the tables that are there, because a right is missing or row-level security may hide some; makes nothing.
    /// </summary>
    public static async Task RequireReadableAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await ControlTables.CheckAsync(connection, cancellationToken);
        var checks = new ControlTableChecks(connection);
        if ((await checks.FindUnreadableAsync(cancellationToken) ?? await checks.FindSecuredAsync(cancellationToken)) is { } obstacle)
            TargetFinding.ThrowIfAny([TargetFinding.Obstacle(Name, ErrorCode.TargetRights, null, obstacle)]);
    }

    /// <summary>Makes the tables that are missing, for those who only read them; stops where there is an obstacle.</summary>
    public static async Task EnsureReadableAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Hidden rows would look like runs that never existed.
        await RequireReadableAsync(connection, cancellationToken);
        if (await ControlTables.IsCurrentAsync(connection, cancellationToken))
            return;

        await RequireAsync(connection, cancellationToken);
        await ControlTables.EnsureAsync(connection, cancellationToken);
    }

    /// <summary>Checks them. Makes missing tables, if possible; they stay until the transaction or <see cref="RemoveMadeAsync"/> takes them back.</summary>
    /// <param name="plans">The entities whose staging is checked.</param>
    /// <param name="use">What is done with their tables.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<TargetFinding> RunAsync(IReadOnlyList<EntityPlan> plans, TargetUse use, CancellationToken cancellationToken)
    {
        try
        {
            AreThere = await ControlTables.IsCurrentAsync(connection, cancellationToken);
        }
        catch (SyncException newer)
        {
            return TargetFinding.Obstacle(Name, newer);
        }

        return await FindLackAsync(plans, use, cancellationToken) is { } lack
            ? TargetFinding.Obstacle(Name, ErrorCode.TargetRights, null, lack)
            : await TryAsync(cancellationToken) ?? new TargetFinding(Name, "there, or can be made, and may be written");
    }

    /// <summary>Removes what the check made.</summary>
    public async Task RemoveMadeAsync(CancellationToken cancellationToken)
    {
        if (AreMade)
            await RollBackAsync(cancellationToken);
        AreMade = false;
    }

    private async Task<string?> FindLackAsync(IReadOnlyList<EntityPlan> plans, TargetUse use, CancellationToken cancellationToken)
    {
        var schemas = await connection.RowsAsync(
            SchemasSql,
            r => new SchemaRights(
                r.GetString(0), r.GetBoolean(1), r.GetBoolean(2), r.GetBoolean(3), r.GetBoolean(4), r.GetString(5), Identifier.Quote(r.GetString(6))),
            cancellationToken, ("schemas", ControlTables.Schemas));
        var user = schemas[0].User;
        var absent = schemas.Where(s => !s.Exists).ToList();
        if (absent.Count > 0 && !absent[0].CanMakeSchemas)
        {
            var made = string.Join(' ', absent.Select(s => $"create schema {s.Name} authorization {user};"));
            return $"the user may not make schema {string.Join(" and schema ", absent.Select(s => s.Name))}. Let an administrator make what is "
                + $"missing ({made}), "
                + $"or allow it: grant create on database {Identifier.Quote(absent[0].Database)} to {user};";
        }

        // Nothing is made in the first where all its tables are there.
        var makesTables = !AreThere && !await HasTablesAsync(cancellationToken);
        List<string> grants = [.. Grants(schemas[0], mustCreate: makesTables), .. Grants(schemas[1], mustCreate: true)];
        var lacking = await connection.RowsAsync(LackingSql, r => r.GetString(0), cancellationToken);
        grants.AddRange(lacking.Select(rights => $"grant {rights} in schema bubblesync to {user};"));
        if (grants.Count > 0)
            return $"the user may not do all that runs do with them. Grant it: {string.Join(' ', grants)}";

        return await FindSecuredAsync(cancellationToken) ?? await FindForeignAsync(plans, use, user, cancellationToken);
    }

    private async Task<string?> FindSecuredAsync(CancellationToken cancellationToken)
    {
        var secured = await connection.RowsAsync(SecuredSql, r => r.GetString(0), cancellationToken);
        return secured.Count == 0
            ? null
            : "row-level security is on for control tables, so that runs would not see what they wrote. Switch it off: "
                + string.Join(' ', secured.Select(t => $"alter table {Identifier.Quote("bubblesync", t)} no force row level security, disable row "
                + "level security;"));
    }

    private async Task<string?> FindUnreadableAsync(CancellationToken cancellationToken)
    {
        var (user, isUsable, isReadable) = (await connection.RowsAsync(
            ReadableSql, r => (Identifier.Quote(r.GetString(0)), r.GetBoolean(1), r.GetBoolean(2)), cancellationToken))[0];
        if (isUsable && isReadable)
            return null;

        return "the user may not read them. Grant it: "
            + (isUsable ? "" : $"grant usage on schema bubblesync to {user}; ")
            + (isReadable ? "" : $"grant select on all tables in schema bubblesync to {user};");
    }

    // Comparisons remove the remains of comparisons, runs all remains.
    private async Task<string?> FindForeignAsync(IReadOnlyList<EntityPlan> plans, TargetUse use, string user, CancellationToken cancellationToken)
    {
        var labels = plans.Select(StagingLabel.OfComparison).Concat(use.IsWritten ? plans.Select(StagingLabel.Of) : []);
        var tables = await connection.RowsAsync(
            ForeignSql, r => Identifier.Quote(ControlTables.Schemas[1], r.GetString(0)),
            cancellationToken, ("labels", labels.ToArray()), ("run", $"{use.RunId ?? Guid.Empty}"));
        return tables.Count == 0
            ? null
            : "staging tables of earlier runs belong to another user, and this one may not remove or change them. "
                + $"Let their owner or an administrator remove them: drop table {string.Join(", ", tables)}; "
                + $"or give them to this user: {string.Join(' ', tables.Select(t => $"alter table {t} owner to {user};"))}";
    }

    private static IEnumerable<string> Grants(SchemaRights schema, bool mustCreate)
    {
        if (schema is { Exists: true, CanUse: false })
            yield return $"grant usage on schema {schema.Name} to {schema.User};";
        if (schema is { Exists: true, CanCreate: false } && mustCreate)
            yield return $"grant create on schema {schema.Name} to {schema.User};";
    }

    private Task<bool> HasTablesAsync(CancellationToken cancellationToken) => connection.ScalarAsync<bool>(
        "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'bubblesync' and c.relkind = 'r')",
        cancellationToken);

    // Only an attempt shows what an event trigger refuses.
    private async Task<TargetFinding?> TryAsync(CancellationToken cancellationToken)
    {
        if (AreThere)
            return null;

        // Others read and write these tables at the same time: neither they nor the check wait long for each other.
        await connection.ExecuteAsync("savepoint control_tables; set local lock_timeout = '1s'", cancellationToken);
        try
        {
            await ControlTables.UpgradeAsync(connection, cancellationToken);
            await connection.ExecuteAsync(Invariant($"set local lock_timeout = '{TargetDatabase.LockTimeoutSeconds}s'"), cancellationToken);
            AreThere = AreMade = true;
            return null;
        }
        catch (PostgresException refused)
        {
            await RollBackAsync(cancellationToken);
            return await ExplainAsync(refused, cancellationToken);
        }
        catch (SyncException refused)
        {
            await RollBackAsync(cancellationToken);
            return TargetFinding.Obstacle(Name, refused);
        }
    }

    private async Task<TargetFinding> ExplainAsync(PostgresException refused, CancellationToken cancellationToken)
    {
        if (refused.SqlState == PostgresErrorCodes.LockNotAvailable)
            return new TargetFinding(Name, "to be made or upgraded; another session uses them now, and a run waits for it");

        return connection.State == ConnectionState.Open && await EventTriggers.ExplainAsync(connection, refused, cancellationToken) is { } trigger
            ? TargetFinding.Obstacle(Name, ErrorCode.TargetRefuses, null, trigger)
            : TargetFinding.Obstacle(Name, PostgresFailure.Explain(refused, SyncStage.Plan, null));
    }

    // Some failures end the session and undo everything that it did.
    private async Task RollBackAsync(CancellationToken cancellationToken)
    {
        if (connection.State == ConnectionState.Open)
            await connection.ExecuteAsync("rollback to savepoint control_tables; release savepoint control_tables", cancellationToken);
    }

    private sealed record SchemaRights(string Name, bool Exists, bool CanUse, bool CanCreate, bool CanMakeSchemas, string Database, string User);
}
