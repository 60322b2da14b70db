using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Preflight.Tables;

/// <summary>Checks that row-level security hides no row from the user and refuses none of the user's writes.</summary>
/// <param name="connection">A connection to the target with an open transaction.</param>
/// <param name="schema">The schema of the target tables.</param>
/// <param name="user">The user's name, quoted.</param>
internal sealed class RowSecurityChecks(NpgsqlConnection connection, string schema, string user)
{
    private const string SecuredSql =
        """
        select c.oid::bigint, format('"%s"."%s"', replace(n.nspname, '"', '""'), replace(c.relname, '"', '""')),
               case when n.nspname = @schema then c.relname::text else n.nspname || '.' || c.relname end,
               (select f.name from generate_series(1, (select count(*) + 1 from pg_policy p where p.polrelid = c.oid)) n,
                  lateral (select 'bubblesync' || case n when 1 then '' else '_' || n end as name) f
                where not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = f.name) order by n limit 1)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relrowsecurity and row_security_active(c.oid)
          and format('"%s"."%s"', replace(n.nspname, '"', '""'), replace(c.relname, '"', '""')) = any(@tables)
        """;

    // A command is open where a permissive policy lets every row pass and no restrictive one takes rows away (manual, "CREATE POLICY").
    private const string ClosedSql =
        """
        with policy as (
          select p.polrelid, p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid) as seen,
                 pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid) as written
          from pg_policy p
          where exists (select from unnest(p.polroles) r where case when r = 0 then true else pg_has_role(r, 'usage') end)
        ),
        judged as (
          select p.polrelid, p.polpermissive, w.word,
                 case when w.word in ('select', 'delete') then p.seen = 'true' when w.word = 'insert' then p.written = 'true'
                   else p.seen = 'true' and p.written = 'true' end as is_open
          from policy p join (values ('select', 'r'), ('insert', 'a'), ('update', 'w'), ('delete', 'd')) w (word, command) on p.polcmd::text in ('*', w.command)
        )
        select c.oid::bigint, pg_has_role(c.relowner, 'usage'), w.word,
               exists (select from judged j where j.polrelid = c.oid and not j.polpermissive and not coalesce(j.is_open, false))
        from pg_class c cross join unnest(array['select', 'insert', 'update', 'delete']) with ordinality as w (word, place)
        where c.oid = any(@tables::oid[]) and not (
          exists (select from judged j where j.polrelid = c.oid and j.word = w.word and j.polpermissive and j.is_open)
          and not exists (select from judged j where j.polrelid = c.oid and j.word = w.word and not j.polpermissive and not coalesce(j.is_open, false)))
        order by c.relname, w.place
        """;

    /// <summary>Returns the tables whose rows policies may filter for the user, by their quoted names.</summary>
    /// <param name="tables">The quoted names of the tables to check.</param>
    /// <param name="use">What is done with them.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<IReadOnlyDictionary<string, RowSecurity>> RunAsync(IEnumerable<string> tables, TargetUse use, CancellationToken cancellationToken)
    {
        var secured = await connection.RowsAsync(
            SecuredSql, r => new Secured(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3)),
            cancellationToken, ("schema", schema), ("tables", tables.ToArray()));
        if (secured.Count == 0)
            return new Dictionary<string, RowSecurity>();

        var closed = await connection.RowsAsync(
            ClosedSql, r => new Closed(r.GetInt64(0), r.GetBoolean(1), r.GetString(2), r.GetBoolean(3)),
            cancellationToken, ("tables", secured.Select(s => s.Oid).ToArray()));
        return secured.ToDictionary(s => s.Table, s => Judge(s, [.. closed.Where(c => c.Oid == s.Oid)], use));
    }

    private RowSecurity Judge(Secured table, List<Closed> closed, TargetUse use)
    {
        var found = closed.Where(c => c.Command == "select" || (use.IsWritten && (use.Deletes || c.Command != "delete"))).ToList();
        var remark = use.IsWritten && closed.Exists(c => c.Command == "delete") ? $" For a hard prune alone: {Fix(table, closed)}" : "";
        return found.Count == 0
            ? new RowSecurity(table.Name, null, $"on, and its policies let the user see {(use.IsWritten ? "and write " : "")}every row.{remark}")
            : new RowSecurity(table.Name, Explain(table, found), "");
    }

    private string Explain(Secured table, List<Closed> closed) =>
        $"row-level security of table {table.Table} may hide rows from the user or refuse the user's writes "
            + $"({string.Join(", ", closed.Select(c => c.Command))}). "
        + $"Rows that a run does not see would be taken for missing. {Fix(table, closed)}";

    private string Fix(Secured table, List<Closed> closed)
    {
        var bypass = $"alter role {user} bypassrls;";
        return closed[0] switch
        {
            { IsOwned: true } => $"It holds for the table's owner too, because it is forced: alter table {table.Table} no force row level security;",
            { IsRestricted: true } => $"A restrictive policy hides rows, so let an administrator exempt the user: {bypass}",
            _ => $"Let an administrator exempt the user ({bypass}), or add a policy that passes every row: "
                + $"create policy {table.FreePolicy} on {table.Table} to {user} using (true) with check (true);",
        };
    }

    private sealed record Secured(long Oid, string Table, string Name, string FreePolicy);

    private sealed record Closed(long Oid, bool IsOwned, string Command, bool IsRestricted);
}

/// <summary>What row-level security means for a table.</summary>
/// <param name="Name">The table's name, with its schema where it is another than that of the target tables.</param>
/// <param name="Obstacle">Why a run cannot work with it; null where it can.</param>
/// <param name="Remark">What there is to say where it can.</param>
internal sealed record RowSecurity(string Name, string? Obstacle, string Remark);
