using Npgsql;

namespace BubbleSync.Etl.Postgres.Columns;

/// <summary>Reads the objects that prevent, or may prevent, another type of a column.</summary>
internal static class ColumnDependents
{
    // PostgreSQL never changes what a view, a rule, a generated column, a trigger, a policy, a function, a publication or a partition key uses. It creates
    // checks, foreign keys and indexes again, which fails if they do not fit the new type: plain indexes fit every type (src/backend/commands/tablecmds.c).
    private const string Sql =
        $"""
        with place as (
          select c.relname::text as name, a.attname::text as attribute, r.relation, x.attnum, r.relation = c.oid and x.attinhcount > 0 as is_inherited
          from pg_class c
          join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          cross join lateral (select c.oid as relation union select p.relid::oid from pg_partition_tree(c.oid) p where c.relkind = 'p') r
          join pg_attribute x on x.attrelid = r.relation and x.attname = a.attname
          where c.relnamespace = (select oid from pg_namespace where nspname = @schema) and c.relkind in ('r', 'p')
        )
        select p.name, p.attribute,
               case when w.rulename = '_RETURN' and o.is_own then (select format('%I.%I', n.nspname, v.relname)
                                                                   from pg_class v join pg_namespace n on n.oid = v.relnamespace where v.oid = w.ev_class)
                    when w.rulename = '_RETURN' then (select format('view "%s"."%s"', n.nspname, v.relname)
                                                     from pg_class v join pg_namespace n on n.oid = v.relnamespace where v.oid = w.ev_class)
                    when g.attname is not null then format('generated column "%s"', g.attname)
                    else pg_describe_object(d.classid, d.objid, 0) end,
               coalesce(o.is_own, false)
        from place p
        join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = p.relation and d.refobjsubid = p.attnum
        left join pg_rewrite w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
        left join lateral (
          select obj_description(w.ev_class, 'pg_class') {OwnComment.IsOwnSql} and not exists (
            select from pg_depend e join pg_rewrite y on e.classid = 'pg_rewrite'::regclass and y.oid = e.objid
            where e.refclassid = 'pg_class'::regclass and e.refobjid = w.ev_class and y.ev_class <> w.ev_class) as is_own
        ) o on true
        left join pg_attrdef f on d.classid = 'pg_attrdef'::regclass and f.oid = d.objid
        left join pg_attribute g on g.attrelid = f.adrelid and g.attnum = f.adnum and g.attgenerated <> '' and g.attnum <> p.attnum
        left join pg_constraint k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid and k.contype in ('c', 'f', 'x')
        left join pg_index i on d.classid = 'pg_class'::regclass and i.indexrelid = d.objid
        where d.classid in ('pg_rewrite'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_proc'::regclass, 'pg_publication_rel'::regclass)
          or g.attname is not null or k.oid is not null or i.indpred is not null or i.indexprs is not null
          or exists (select from unnest(i.indclass::oid[]) u join pg_opclass o on o.oid = u join pg_am m on m.oid = o.opcmethod
                     where not o.opcdefault or m.amname not in ('btree', 'hash'))
        union
        select p.name, p.attribute, 'the key by which it is partitioned', false
        from place p join pg_partitioned_table t on t.partrelid = p.relation
        where p.attnum = any(t.partattrs::int2[]) or exists (
          select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = p.relation and d.refclassid = 'pg_class'::regclass
            and d.refobjid = p.relation and d.refobjsubid = p.attnum)
        union
        select p.name, p.attribute, format('the table "%s"."%s", which has the column', n.nspname, o.relname), false
        from place p join pg_inherits h on h.inhrelid = p.relation join pg_class o on o.oid = h.inhparent join pg_namespace n on n.oid = o.relnamespace
        where p.is_inherited
        order by 1, 2, 3
        """;

    /// <summary>
    /// Returns it by table and column, in words such as <c>view "public"."v"</c>; views of the program's own that no other view uses, and that may be dropped,
    /// as their quoted names.
    /// </summary>
    /// <param name="connection">A connection to the database.</param>
    /// <param name="schema">The schema of the tables.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<ILookup<(string Table, string Column), (string What, bool IsOwnView)>> ReadAsync(
        NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        var found = await connection.RowsAsync(
            Sql, r => (Place: (r.GetString(0), r.GetString(1)), What: (r.GetString(2), r.GetBoolean(3))), cancellationToken, ("schema", schema));
        return found.ToLookup(f => f.Place, f => f.What);
    }
}
