using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Preflight.Tables;

/// <summary>What the rules of a table demand of a column's values.</summary>
/// <param name="IsUnique">Whether the column is part of a primary key, a unique index or an exclusion constraint.</param>
/// <param name="IsLimited">Whether it is part of a foreign key, a check or a partition key.</param>
internal sealed record ColumnRules(bool IsUnique, bool IsLimited)
{
    /// <summary>A column without rules.</summary>
    public static readonly ColumnRules None = new(false, false);

    // Partitions may have indexes and constraints of their own. An expression of an index shows in pg_depend only.
    private const string RulesSql =
        """
        with relation as (
          select c.oid as target, c.oid from pg_class c where c.oid = any(@tables::oid[])
          union
          select c.oid, p.relid::oid from pg_class c, pg_partition_tree(c.oid) p where c.oid = any(@tables::oid[]) and c.relkind = 'p'
        ),
        rule as (
          select t.relname::text as name, a.attname::text as attribute,
                 exists (select from pg_index x where x.indrelid = r.oid and (x.indisunique or x.indisexclusion) and (a.attnum = any(x.indkey)
                           or x.indexprs is not null and exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = x.indexrelid
                                      and d.refclassid = 'pg_class'::regclass and d.refobjid = r.oid and d.refobjsubid = a.attnum))) as is_unique,
                 exists (select from pg_constraint k where k.conrelid = r.oid and k.contype in ('f', 'c') and a.attnum = any(k.conkey))
                   or exists (select from pg_partitioned_table p where p.partrelid = r.oid and a.attnum = any(p.partattrs)) as is_limited
          from relation r join pg_class t on t.oid = r.target join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
        )
        select name, attribute, bool_or(is_unique), bool_or(is_limited) from rule group by 1, 2 having bool_or(is_unique or is_limited)
        """;

    /// <summary>Reads the rules of columns that have some, by the names of table and column.</summary>
    /// <param name="connection">A connection to the target.</param>
    /// <param name="tables">The oids of the tables.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<IReadOnlyDictionary<(string Table, string Column), ColumnRules>> ReadAsync(
        NpgsqlConnection connection, long[] tables, CancellationToken cancellationToken)
    {
        var rules = await connection.RowsAsync(
            RulesSql, r => (Place: (r.GetString(0), r.GetString(1)), Rules: new ColumnRules(r.GetBoolean(2), r.GetBoolean(3))),
            cancellationToken, ("tables", tables));
        return rules.ToDictionary(r => r.Place, r => r.Rules);
    }
}
