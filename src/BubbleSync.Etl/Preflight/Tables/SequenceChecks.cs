using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Preflight.Tables;

/// <summary>Checks that the user may use the sequences that number new rows.</summary>
internal sealed class SequenceChecks(NpgsqlConnection connection)
{
    // PostgreSQL may ask for the privilege before it checks the kind, hence the case.
    // An identity takes its numbers without any right, unless a statement does it by name, as for a mapped column that a record lacks.
    private const string ClosedSql =
        """
        select c.relname::text, sn.nspname::text, s.relname::text, case when d.oid is null then a.attname::text end
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and not a.attisdropped
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        join pg_depend p on p.refclassid = 'pg_class'::regclass and p.classid = 'pg_attrdef'::regclass and p.objid = d.oid
          or p.classid = 'pg_class'::regclass and p.refclassid = 'pg_class'::regclass and p.refobjid = c.oid
            and p.refobjsubid = a.attnum and p.deptype = 'i' and a.attidentity = 'd'
        join pg_class s on s.oid = case when p.classid = 'pg_class'::regclass then p.objid else p.refobjid end
        join pg_namespace sn on sn.oid = s.relnamespace
        where c.oid = any(@tables::oid[])
          and case when s.relkind = 'S' then not (has_sequence_privilege(s.oid, 'usage') or has_sequence_privilege(s.oid, 'update')) else false end
        order by 1, 2, 3
        """;

    /// <summary>Returns the obstacle of each table that has one, by the table's name.</summary>
    public async Task<IReadOnlyDictionary<string, string>> RunAsync(
        IReadOnlyList<EntityPlan> plans, long[] tables, string user, CancellationToken cancellationToken)
    {
        var closed = await connection.RowsAsync(
            ClosedSql, r =>
                (Table: r.GetString(0), Sequence: Identifier.Quote(r.GetString(1), r.GetString(2)), Identity: r.IsDBNull(3) ? null : r.GetString(3)),
            cancellationToken, ("tables", tables));
        return closed
            .Where(c => c.Identity is null || plans.Any(p => p.Target.Name == c.Table && p.Columns.Any(m => m.Name == c.Identity)))
            .GroupBy(c => c.Table, c => c.Sequence)
            .ToDictionary(t => t.Key, t => Explain([.. t.Distinct()], user));
    }

    private static string Explain(List<string> sequences, string user) =>
        $"the user may not use {string.Join(" and ", sequences)}, which new rows need for their numbers. "
        + $"Grant it: grant usage on sequence {string.Join(", ", sequences)} to {user};";
}
