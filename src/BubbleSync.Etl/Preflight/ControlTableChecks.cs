using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs;
using Npgsql;

namespace BubbleSync.Etl.Preflight;

/// <summary>Checks the schemas <c>bubblesync</c> and <c>bubblesync_staging</c>: rights, row-level security, and whether what is missing can be made.</summary>
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
        select distinct w.word, w.place
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        cross join unnest(array['select', 'insert', 'update', 'delete']) with ordinality as w (word, place)
        where n.nspname = 'bubblesync' and c.relkind = 'r' and not has_table_privilege(c.oid, w.word)
        order by w.place
        """;

    private const string SecuredSql =
        """
        select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'bubblesync' and c.relkind = 'r' and row_security_active(c.oid) order by 1
        """;

    /// <summary>Whether all tables are there; known once they are checked.</summary>
    public bool IsCurrent { get; private set; }

    /// <summary>Checks them; makes nothing.</summary>
    public async Task<TargetFinding> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            IsCurrent = await ControlTables.IsCurrentAsync(connection, cancellationToken);
        }
        catch (SyncException newer)
        {
            return TargetFinding.Obstacle(Name, newer);
        }

        return await FindLackAsync(cancellationToken) is { } lack
            ? TargetFinding.Obstacle(Name, "target-rights", null, lack)
            : await TryAsync(cancellationToken) ?? new TargetFinding(Name, "there, or can be made, and may be written");
    }

    private async Task<string?> FindLackAsync(CancellationToken cancellationToken)
    {
        var schemas = await connection.RowsAsync(
            SchemasSql,
            r => new SchemaRights(r.GetString(0), r.GetBoolean(1), r.GetBoolean(2), r.GetBoolean(3), r.GetBoolean(4), r.GetString(5), Identifier.Quote(r.GetString(6))),
            cancellationToken, ("schemas", ControlTables.Schemas));
        var user = schemas[0].User;
        var absent = schemas.Where(s => !s.Exists).ToList();
        if (absent.Count > 0 && !absent[0].CanMakeSchemas)
        {
            var made = string.Join(' ', absent.Select(s => $"create schema {s.Name} authorization {user};"));
            return $"the user may not make schema {string.Join(" and schema ", absent.Select(s => s.Name))}. Let an administrator make what is missing ({made}), "
                + $"or allow it: grant create on database {Identifier.Quote(absent[0].Database)} to {user};";
        }

        // Nothing is made in the first where all its tables are there.
        List<string> grants = [.. Grants(schemas[0], mustCreate: !IsCurrent && !await HasTablesAsync(cancellationToken)), .. Grants(schemas[1], mustCreate: true)];
        if (await connection.RowsAsync(LackingSql, r => r.GetString(0), cancellationToken) is { Count: > 0 } lacking)
            grants.Add($"grant {string.Join(", ", lacking)} on all tables in schema bubblesync to {user};");
        if (grants.Count > 0)
            return $"the user may not do all that runs do with them. Grant it: {string.Join(' ', grants)}";

        var secured = await connection.RowsAsync(SecuredSql, r => r.GetString(0), cancellationToken);
        return secured.Count == 0
            ? null
            : "row-level security is on for control tables, so that runs would not see what they wrote. Switch it off: "
                + string.Join(' ', secured.Select(t => $"alter table {Identifier.Quote("bubblesync", t)} no force row level security, disable row level security;"));
    }

    private static IEnumerable<string> Grants(SchemaRights schema, bool mustCreate)
    {
        if (schema is { Exists: true, CanUse: false })
            yield return $"grant usage on schema {schema.Name} to {schema.User};";
        if (schema is { Exists: true, CanCreate: false } && mustCreate)
            yield return $"grant create on schema {schema.Name} to {schema.User};";
    }

    private Task<bool> HasTablesAsync(CancellationToken cancellationToken) => connection.ScalarAsync<bool>(
        "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'bubblesync' and c.relkind = 'r')", cancellationToken);

    // Only trying shows what an event trigger refuses.
    private async Task<TargetFinding?> TryAsync(CancellationToken cancellationToken)
    {
        if (IsCurrent)
            return null;

        try
        {
            return await connection.TryAndRollBackAsync(() => ControlTables.UpgradeAsync(connection, cancellationToken), cancellationToken) is not { } refused
                ? null
                : await EventTriggers.ExplainAsync(connection, refused, cancellationToken) is { } trigger
                    ? TargetFinding.Obstacle(Name, "target-refuses", null, trigger)
                    : TargetFinding.Obstacle(Name, PostgresFailure.Explain(refused, "plan", null));
        }
        catch (SyncException refused)
        {
            return TargetFinding.Obstacle(Name, refused);
        }
    }

    private sealed record SchemaRights(string Name, bool Exists, bool CanUse, bool CanCreate, bool CanMakeSchemas, string Database, string User);
}
