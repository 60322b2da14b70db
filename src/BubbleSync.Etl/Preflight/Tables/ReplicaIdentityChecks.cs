using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Preflight.Tables;

/// <summary>Checks that published tables have a replica identity; without one PostgreSQL refuses their updates.</summary>
internal sealed class ReplicaIdentityChecks(NpgsqlConnection connection)
{
    private const int MostNamed = 10;

    // Of a partitioned table each partition needs its own; a publication of the whole or of a schema on the way counts for it.
    private const string LackingSql =
        """
        with leaf as (
          select c.oid, c.relname::text as target from pg_class c where c.oid = any(@tables::oid[]) and c.relkind = 'r'
          union all
          select p.relid, c.relname::text from pg_class c, pg_partition_tree(c.oid) p where c.oid = any(@tables::oid[]) and c.relkind = 'p' and p.isleaf
        ),
        published as (
          select l.oid, l.target, (
            select min(b.pubname::text) from pg_publication b
            where b.pubupdate and (b.puballtables
              or exists (select from pg_publication_rel r where r.prpubid = b.oid
                and (r.prrelid = l.oid or r.prrelid in (select pg_partition_ancestors(l.oid))))
              or exists (select from pg_publication_namespace s join pg_class a on a.relnamespace = s.pnnspid
                         where s.pnpubid = b.oid and (a.oid = l.oid or a.oid in (select pg_partition_ancestors(l.oid)))))) as publication
          from leaf l
        )
        select p.target, n.nspname::text, c.relname::text, p.publication,
               (select i.relname::text from pg_index x join pg_class i on i.oid = x.indexrelid
                where x.indrelid = c.oid and x.indisunique and x.indisvalid and x.indimmediate and x.indpred is null and x.indexprs is null
                  and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum = any(x.indkey) and not a.attnotnull)
                order by i.relname limit 1)
        from published p join pg_class c on c.oid = p.oid join pg_namespace n on n.oid = c.relnamespace
        where p.publication is not null and c.relpersistence = 'p' and c.relreplident <> 'f'
          and not exists (select from pg_index x where x.indrelid = c.oid and x.indisvalid
                          and case c.relreplident when 'd' then x.indisprimary when 'i' then x.indisreplident else false end)
        order by 1, 2, 3
        """;

    /// <summary>Returns the obstacle of each table that has one, by the table's name.</summary>
    public async Task<IReadOnlyDictionary<string, string>> RunAsync(long[] tables, CancellationToken cancellationToken)
    {
        var lacking = await connection.RowsAsync(
            LackingSql,
            r => new Unidentified(r.GetString(0), Identifier.Quote(r.GetString(1), r.GetString(2)), r.GetString(3), r.IsDBNull(4) ? null : r.GetString(4)),
            cancellationToken, ("tables", tables));
        return lacking.GroupBy(l => l.Target).ToDictionary(t => t.Key, Explain);
    }

    private static string Explain(IGrouping<string, Unidentified> tables)
    {
        var first = tables.First();
        var more = tables.Skip(MostNamed).Any() ? $" And so on for its other partitions, {tables.Count()} in all." : "";
        var hint = first.Index is null
            ? "An index can be one only where none of its columns may be null, so the whole row has to be"
            : "Its unique index can be one";
        return $"publication '{first.Publication}' publishes the updates of table {first.Table}, which has no replica identity, so that PostgreSQL refuses "
            + "to update or "
            + $"delete its rows. {hint}: {string.Join(' ', tables.Take(MostNamed).Select(t => t.Statement))}{more}";
    }

    private sealed record Unidentified(string Target, string Table, string Publication, string? Index)
    {
        public string Statement => $"alter table {Table} replica identity {(Index is null ? "full" : $"using index {Identifier.Quote(Index)}")};";
    }
}
