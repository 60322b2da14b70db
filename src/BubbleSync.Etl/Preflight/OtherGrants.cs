using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Preflight;

/// <summary>Finds the rights that a run needs beside those on its table: on the tables that links point to, and on the schemas of its columns' types.</summary>
/// <param name="connection">A connection to the target.</param>
/// <param name="user">The user's name, quoted.</param>
internal sealed class OtherGrants(NpgsqlConnection connection, string user)
{
    private const string TablesSql =
        """
        select n.nspname::text, c.relname::text, has_schema_privilege(n.oid, 'usage'), has_table_privilege(c.oid, 'select')
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where format('"%s"."%s"', replace(n.nspname, '"', '""'), replace(c.relname, '"', '""')) = any(@tables)
          and not (has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')) order by 1, 2
        """;

    // Values of a domain are of the type below it too, items of an array of theirs. The right on the type itself is needed for new columns only.
    private const string TypesSql =
        """
        with recursive used as (
          select a.atttypid as oid from pg_attribute a where a.attrelid = @table::oid and a.attnum > 0 and not a.attisdropped
          union
          select u.oid from used b join pg_type t on t.oid = b.oid, unnest(array[t.typbasetype, t.typelem]) u (oid) where u.oid <> 0
        )
        select distinct n.nspname::text, '', false, true
        from used u join pg_type t on t.oid = u.oid join pg_namespace n on n.oid = t.typnamespace
        where not has_schema_privilege(n.oid, 'usage') order by 1
        """;

    private const string FunctionsSql =
        """
        select p.oid::regprocedure::text, '', true, false from pg_proc p
        where 'permission denied for function ' || p.proname = @refusal and not has_function_privilege(p.oid, 'execute') order by 1
        """;

    /// <summary>Returns the grants that are missing, in words.</summary>
    /// <param name="plan">The entity.</param>
    /// <param name="refusal">PostgreSQL's message.</param>
    /// <param name="table">The oid of its table.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<string> ExplainAsync(EntityPlan plan, string refusal, long table, CancellationToken cancellationToken)
    {
        var tables = await ReadAsync(TablesSql, ("tables", StatementProbe.Read(plan).Distinct().ToArray()), cancellationToken);
        var types = await ReadAsync(TypesSql, ("table", table), cancellationToken);
        // A default of a column, an index or a check may call one.
        var functions = await ReadAsync(FunctionsSql, ("refusal", refusal), cancellationToken);
        string[] grants =
        [
            .. functions.Select(f => $"grant execute on function {f.Schema} to {user};"),
            .. tables.Concat(types)
                .Where(c => !c.IsOpen).Select(c => c.Schema).Distinct().Select(s => $"grant usage on schema {Identifier.Quote(s)} to {user};"),
            .. tables.Where(c => !c.IsGranted).Select(c => $"grant select on {Identifier.Quote(c.Schema, c.Name)} to {user};"),
        ];
        var why = (tables.Count > 0 ? "Runs also read the tables that links point to. " : "") + (types.Count > 0 ? "Runs use the types of the columns. " : "");
        return grants.Length == 0 ? "Grant it" : $"{why}Grant it: {string.Join(' ', grants)}";
    }

    private Task<List<(string Schema, string Name, bool IsOpen, bool IsGranted)>> ReadAsync(
        string sql, (string, object?) parameter, CancellationToken cancellationToken) =>
        connection.RowsAsync(sql, r => (r.GetString(0), r.GetString(1), r.GetBoolean(2), r.GetBoolean(3)), cancellationToken, parameter);
}
