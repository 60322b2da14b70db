using BubbleSync.Etl.Postgres.Columns;
using Npgsql;

namespace BubbleSync.Etl.Postgres;

/// <summary>Reads the catalogue of one schema.</summary>
internal static class CatalogueReader
{
    // atttypmod: varchar(n) is n + 4, numeric(p,s) packs both into one number with a signed 11-bit scale,
    // timestamp(p) is p itself (src/backend/utils/adt/numeric.c and varchar.c of PostgreSQL).
    // A user's type may have the name of one of PostgreSQL's: only those of pg_catalog, enums and citext are known by what they are.
    // No function that takes a table's name: in a schema that the user may not use it would fail, and nobody could say why.
    private const string ColumnsSql =
        """
        with recursive domain as (
          select t.oid as domain, t.typname::text as name, t.typbasetype as base, t.typtypmod as modifier, t.typnotnull as is_required,
                 pg_get_expr(t.typdefaultbin, 0) as otherwise
          from pg_type t where t.typtype = 'd'
          union all
          select d.domain, d.name, t.typbasetype, t.typtypmod, d.is_required or t.typnotnull, coalesce(d.otherwise, pg_get_expr(t.typdefaultbin, 0))
          from domain d join pg_type t on t.oid = d.base and t.typtype = 'd'
        )
        select c.relname, a.attname,
               case when y.typnamespace = 'pg_catalog'::regnamespace then format_type(y.oid, null)
                    when y.typtype = 'e' then 'enum'
                    when y.typtype = 'b' and y.typname = 'citext' then 'citext'
                    when y.typcategory = 'A' and i.typtype = 'b' and i.typname = 'citext' then 'citext[]'
                    else 'other' end,
               format_type(a.atttypid, a.atttypmod), coalesce(b.modifier, a.atttypmod),
               a.attnotnull or coalesce(b.is_required, false), a.attgenerated <> '' or a.attidentity = 'a',
               coalesce(pg_get_expr(d.adbin, d.adrelid), case a.attidentity when 'd' then
                 (select format('nextval(%L)', format('%I.%I', s.relnamespace::regnamespace, s.relname))
                   from pg_depend o join pg_class s on s.oid = o.objid and s.relkind = 'S'
                  where o.classid = 'pg_class'::regclass and o.refclassid = 'pg_class'::regclass
                    and o.refobjid = c.oid and o.refobjsubid = a.attnum and o.deptype = 'i') end,
                 case when a.attgenerated = '' then b.otherwise end),
               b.name, a.attidentity = 'a', a.attidentity <> '', a.attgenerated = 's', format_type(y.oid, coalesce(b.modifier, a.atttypmod)),
               case when y.typtype = 'e' then array(select l.enumlabel::text from pg_enum l where l.enumtypid = y.oid order by l.enumsortorder) end,
               a.attnum::int
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum and a.attgenerated = ''
        left join domain b on b.domain = a.atttypid and not exists (select from pg_type t where t.oid = b.base and t.typtype = 'd')
        join pg_type y on y.oid = coalesce(b.base, a.atttypid)
        left join pg_type i on i.oid = y.typelem
        where c.relnamespace = (select oid from pg_namespace where nspname = @schema) and c.relkind in ('r', 'p')
        order by c.relname, a.attnum
        """;

    // What a trigger fires on is a bit each: 1 for each row, 2 before, 4 insert, 8 delete, 16 update (pg_trigger.tgtype, src/include/catalog/pg_trigger.h).
    private const string TriggersSql =
        """
        select distinct c.relname, g.tgname, g.tgtype & 7 = 7, g.tgtype & 19 = 19,
               case when g.tgtype & 7 = 7 then f.prosrc || ' ' || encode(g.tgargs, 'escape') else '' end
        from pg_class c
        cross join lateral (select c.oid as relation union all select p.relid::oid from pg_partition_tree(c.oid) p where c.relkind = 'p') r
        join pg_trigger g on g.tgrelid = r.relation
        join pg_proc f on f.oid = g.tgfoid
        where c.relnamespace = (select oid from pg_namespace where nspname = @schema) and c.relkind in ('r', 'p')
          and not g.tgisinternal and g.tgenabled in ('O', 'A') and g.tgtype & 28 <> 0
        order by c.relname, g.tgname
        """;

    // A trigger in another schema may write rows of this one, for example behind a foreign key that follows updates.
    private const string AnyTriggerSql =
        """
        select exists (
          select from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
          where not g.tgisinternal and g.tgenabled in ('O', 'A') and g.tgtype & 28 <> 0
            and n.nspname not in ('bubblesync', 'bubblesync_staging') and @schema is not null)
        """;

    private const string UniqueSql =
        """
        select c.relname, a.attname
        from pg_index i
        join pg_class c on c.oid = i.indrelid
        join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
        where c.relnamespace = (select oid from pg_namespace where nspname = @schema)
          and i.indisunique and i.indisvalid and i.indimmediate and i.indnkeyatts = 1 and i.indpred is null and i.indexprs is null
        """;

    // Tables, indexes, sequences, views and row types share their names (src/backend/catalog/heap.c). Types have names of their own, so that an index
    // and an enum may have the same. A new table needs its name free among both; an array type gives its name up, and a view of our own is dropped.
    private const string OthersSql =
        $"""
        select c.relname, case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' when 'S' then 'sequence'
                            when 'c' then 'composite type' else 'index' end
        from pg_class c
        where c.relnamespace = (select oid from pg_namespace where nspname = @schema) and c.relkind not in ('r', 'p', 't')
          and not (c.relkind = 'v' and coalesce(obj_description(c.oid, 'pg_class'), '') {OwnComment.IsOwnSql})
        union all
        select t.typname, 'type' from pg_type t
        where t.typnamespace = (select oid from pg_namespace where nspname = @schema) and t.typrelid = 0 and t.typcategory <> 'A'
        """;

    /// <summary>Whether a constraint <c>k</c> is enforced; from 18 on it need not be.</summary>
    public const string IsEnforced = "coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)";

    private const string ForeignKeysSql =
        $"""
        select c.relname, a.attname, k.conname, fn.nspname, f.relname, fa.attname, cardinality(k.conkey)
        from pg_constraint k
        join pg_class c on c.oid = k.conrelid
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
        join pg_class f on f.oid = k.confrelid
        join pg_namespace fn on fn.oid = f.relnamespace
        join pg_attribute fa on fa.attrelid = f.oid and fa.attnum = k.confkey[1]
        where k.contype = 'f' and {IsEnforced} and c.relnamespace = (select oid from pg_namespace where nspname = @schema)
        """;

    /// <summary>Returns the tables of a schema; none if there is no such schema.</summary>
    public static async Task<Catalogue> ReadAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        var columns = await ReadAsync(connection, ColumnsSql, schema, r => (Table: r.GetString(0), Column: Column(r)), cancellationToken);
        var unique = await ReadAsync(connection, UniqueSql, schema, r => (Table: r.GetString(0), Column: r.GetString(1)), cancellationToken);
        var foreign = await ReadAsync(
            connection, ForeignKeysSql, schema,
            r =>
                (Table: r.GetString(0), Column: r.GetString(
                    1), Key: new ForeignKeyInfo(r.GetString(2), r.GetString(3), r.GetString(4), r.GetString(5)), Columns: r.GetInt32(6)),
            cancellationToken);
        var triggers = await ReadAsync(
            connection, TriggersSql, schema,
            r => (Table: r.GetString(0), Trigger: new TriggerInfo(r.GetString(1), r.GetBoolean(2), r.GetBoolean(3), r.GetString(4))),
            cancellationToken);

        var others = await ReadAsync(connection, OthersSql, schema, r => (Name: r.GetString(0), Kind: r.GetString(1)), cancellationToken);

        var dependents = await ColumnDependents.ReadAsync(connection, schema, cancellationToken);
        var hasTriggers = await ReadAsync(connection, AnyTriggerSql, schema, r => r.GetBoolean(0), cancellationToken);
        var tables = columns.GroupBy(c => c.Table).Select(table => new TableInfo(
            table.Key,
            table.ToDictionary(c => c.Column.Name, c => c.Column with
            {
                Dependents = [.. dependents[(c.Table, c.Column.Name)].Where(d => !d.IsOwnView).Select(d => d.What)],
                OwnViews = [.. dependents[(c.Table, c.Column.Name)].Where(d => d.IsOwnView).Select(d => d.What)],
            }),
            unique.Where(u => u.Table == table.Key).Select(u => u.Column).ToHashSet(),
            foreign.Where(f => f.Table == table.Key && f.Columns == 1).ToLookup(f => f.Column, f => f.Key),
            [.. foreign.Where(f => f.Table == table.Key && f.Columns > 1).Select(f => f.Key.Constraint)])
        {
            Triggers = [.. triggers.Where(t => t.Table == table.Key).Select(t => t.Trigger)],
            MayBeStamped = hasTriggers[0],
        });
        return new Catalogue(schema, tables.ToDictionary(t => t.Name))
        {
            Others = others.GroupBy(o => o.Name, o => o.Kind).ToDictionary(o => o.Key, o => o.Min(StringComparer.Ordinal)!),
        };
    }

    private static ColumnInfo Column(NpgsqlDataReader row)
    {
        var type = row.GetString(2);
        var modifier = row.GetInt32(4);
        var isText = type.StartsWith("character", StringComparison.Ordinal);
        var isNumeric = type.StartsWith("numeric", StringComparison.Ordinal);
        var isTime = type.StartsWith("time", StringComparison.Ordinal);
        return new ColumnInfo(
            row.GetString(1),
            type,
            row.GetString(3),
            isText && modifier >= 0 ? modifier - 4 : null,
            modifier < 0 ? null : isNumeric ? (modifier - 4) >> 16 : isTime ? modifier : null,
            isNumeric && modifier >= 0 ? (((modifier - 4) & 0x7ff) ^ 1024) - 1024 : null,
            row.GetBoolean(5),
            row.GetBoolean(6),
            row.IsDBNull(7) ? null : row.GetString(7))
        {
            Domain = row.IsDBNull(8) ? null : row.GetString(8),
            IsIdentityAlways = row.GetBoolean(9),
            IsIdentity = row.GetBoolean(10),
            IsStored = row.GetBoolean(11),
            BaseType = row.GetString(12),
            Labels = row.IsDBNull(13) ? null : row.GetFieldValue<string[]>(13),
            Number = row.GetInt32(14),
        };
    }

    private static async Task<List<T>> ReadAsync<T>(
        NpgsqlConnection connection, string sql, string schema, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new("schema", schema) } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }
}
