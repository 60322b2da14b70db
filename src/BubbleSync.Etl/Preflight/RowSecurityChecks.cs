using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Preflight;

/// <summary>Checks that row-level security hides no row from the user and refuses none of his writes.</summary>
internal sealed class RowSecurityChecks(NpgsqlConnection connection)
{
    // A command is open where a permissive policy lets every row pass and no restrictive one takes rows away (manual, "CREATE POLICY").
    private const string ClosedSql =
        """
        with policy as (
          select p.polrelid, p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid) as seen, pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid) as written
          from pg_policy p
          where exists (select from unnest(p.polroles) r where case when r = 0 then true else pg_has_role(r, 'usage') end)
        ),
        judged as (
          select p.polrelid, p.polpermissive, w.word,
                 case w.word when 'select' then p.seen = 'true' when 'insert' then p.written = 'true' else p.seen = 'true' and p.written = 'true' end as is_open
          from policy p join (values ('select', 'r'), ('insert', 'a'), ('update', 'w')) w (word, command) on p.polcmd::text in ('*', w.command)
        )
        select c.relname::text, pg_has_role(c.relowner, 'usage'), w.word,
               exists (select from judged j where j.polrelid = c.oid and not j.polpermissive and not coalesce(j.is_open, false))
        from pg_class c cross join unnest(array['select', 'insert', 'update']) with ordinality as w (word, place)
        where c.oid = any(@tables::oid[]) and row_security_active(c.oid) and not (
          exists (select from judged j where j.polrelid = c.oid and j.word = w.word and j.polpermissive and j.is_open)
          and not exists (select from judged j where j.polrelid = c.oid and j.word = w.word and not j.polpermissive and not coalesce(j.is_open, false)))
        order by c.relname, w.place
        """;

    private const string SecuredSql = "select c.relname::text from pg_class c where c.oid = any(@tables::oid[]) and row_security_active(c.oid)";

    /// <summary>Returns the tables whose rows policies filter for the user, each with the obstacle, or null where every row passes.</summary>
    /// <param name="plans">The entities.</param>
    /// <param name="tables">The oids of their tables.</param>
    /// <param name="isWritten">Whether the tables are to be written, not only read.</param>
    /// <param name="user">The user's name, quoted.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<IReadOnlyDictionary<string, string?>> RunAsync(
        IReadOnlyList<EntityPlan> plans, long[] tables, bool isWritten, string user, CancellationToken cancellationToken)
    {
        var secured = await connection.RowsAsync(SecuredSql, r => r.GetString(0), cancellationToken, ("tables", tables));
        if (secured.Count == 0)
            return new Dictionary<string, string?>();

        var closed = await connection.RowsAsync(
            ClosedSql, r => new Closed(r.GetString(0), r.GetBoolean(1), r.GetString(2), r.GetBoolean(3)), cancellationToken, ("tables", tables));
        return secured.ToDictionary(
            table => table,
            table => closed.Where(c => c.Table == table && (isWritten || c.Command == "select")).ToList() is { Count: > 0 } found
                ? Explain(plans.First(p => p.Target.Name == table).Table, found, user)
                : null);
    }

    private static string Explain(string table, List<Closed> closed, string user)
    {
        var bypass = $"alter role {user} bypassrls;";
        var fix = closed[0] switch
        {
            { IsOwned: true } => $"It holds for the table's owner too, because it is forced: alter table {table} no force row level security;",
            { IsRestricted: true } => $"A restrictive policy takes rows away, so let an administrator exempt the user: {bypass}",
            _ => $"Let an administrator exempt the user ({bypass}), or give him a policy that passes every row: "
                + $"create policy bubblesync on {table} to {user} using (true) with check (true);",
        };
        return $"row-level security of table {table} may hide rows from the user or refuse his writes ({string.Join(", ", closed.Select(c => c.Command))}). "
            + $"Rows that a run does not see would be taken for missing. {fix}";
    }

    private sealed record Closed(string Table, bool IsOwned, string Command, bool IsRestricted);
}
