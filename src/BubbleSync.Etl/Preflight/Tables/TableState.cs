using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Preflight.Tables;

/// <summary>What the catalogue says of a target table beside its columns.</summary>
internal sealed record TableState
{
    private const string StatesSql =
        """
        select c.relname::text, c.relpersistence = 'u', pg_has_role(c.relowner, 'usage'),
               (select pg_get_partkeydef(c.oid) from pg_partitioned_table p
                where p.partrelid = c.oid and exists (select from unnest(p.partattrs::int2[]) k left join pg_attribute a on a.attrelid = c.oid and a.attnum = k
                                                      where a.attname is distinct from t.key)),
               array(select r.rulename::text from pg_rewrite r where r.ev_class = c.oid order by 1),
               array(select i.relname::text from pg_index x join pg_class i on i.oid = x.indexrelid
                     where x.indrelid = c.oid and (x.indisunique or x.indisexclusion) and not x.indisprimary
                       and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum = x.indkey[0] and a.attname = t.key) order by 1),
               array(select w.word from unnest(array['select', 'insert', 'update', 'delete']) with ordinality as w (word, place)
                     where not has_table_privilege(c.oid, w.word) order by w.place),
               array(select w.word from unnest(array['select', 'insert', 'update']) with ordinality as w (word, place)
                     where has_any_column_privilege(c.oid, w.word) and not has_table_privilege(c.oid, w.word) order by w.place),
               c.oid::bigint, has_schema_privilege(n.oid, 'create'),
               (select sum(1.0 / split_part(split_part(pg_get_expr(child.relpartbound, child.oid), 'modulus ', 2), ',', 1)::numeric) from pg_inherits i
                join pg_class child on child.oid = i.inhrelid join pg_partitioned_table p on p.partrelid = i.inhparent and p.partstrat = 'h'
                where i.inhparent = c.oid) < 0.999999
        from unnest(@tables, @keys) t (name, key)
        join pg_namespace n on n.nspname = @schema
        join pg_class c on c.relnamespace = n.oid and c.relname = t.name
        """;

    /// <summary>Its name.</summary>
    public required string Table { get; init; }

    /// <summary>Whether a crash of the server empties it.</summary>
    public required bool IsUnlogged { get; init; }

    /// <summary>Whether the user owns it, as is needed to make an index on it.</summary>
    public required bool IsOwn { get; init; }

    /// <summary>Whether the user may create objects in its schema, such as an index.</summary>
    public required bool CanCreate { get; init; }

    /// <summary>Whether it is partitioned by hash and lacks partitions, so that no partition takes some of the records.</summary>
    public required bool LacksPartitions { get; init; }

    /// <summary>How it is partitioned, where by more than its key; then the key alone cannot be unique.</summary>
    public string? PartitionKey { get; init; }

    /// <summary>Its rules.</summary>
    public required IReadOnlyList<string> Rules { get; init; }

    /// <summary>Indexes that may refuse rows, except those of its key.</summary>
    public required IReadOnlyList<string> RefusingIndexes { get; init; }

    /// <summary>The rights that the user lacks on the whole table.</summary>
    public required IReadOnlyList<string> Lacking { get; init; }

    /// <summary>Those of them that the user has on some columns.</summary>
    public required IReadOnlyList<string> OnColumns { get; init; }

    /// <summary>Its number in the catalogue.</summary>
    public required long Oid { get; init; }

    /// <summary>Reads the state of tables, by name.</summary>
    /// <param name="connection">A connection to the target.</param>
    /// <param name="schema">Their schema.</param>
    /// <param name="keys">Their names, each with its key column.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<IReadOnlyDictionary<string, TableState>> ReadAsync(
        NpgsqlConnection connection, string schema, IReadOnlyCollection<(string Table, string Key)> keys, CancellationToken cancellationToken)
    {
        var states = await connection.RowsAsync(
            StatesSql,
            r => new TableState
            {
                Table = r.GetString(0),
                IsUnlogged = r.GetBoolean(1),
                IsOwn = r.GetBoolean(2),
                PartitionKey = r.IsDBNull(3) ? null : r.GetString(3),
                Rules = r.GetFieldValue<string[]>(4),
                RefusingIndexes = r.GetFieldValue<string[]>(5),
                Lacking = r.GetFieldValue<string[]>(6),
                OnColumns = r.GetFieldValue<string[]>(7),
                Oid = r.GetInt64(8),
                CanCreate = r.GetBoolean(9),
                LacksPartitions = !r.IsDBNull(10) && r.GetBoolean(10),
            },
            cancellationToken, ("schema", schema), ("tables", keys.Select(k => k.Table).ToArray()), ("keys", keys.Select(k => k.Key).ToArray()));
        return states.DistinctBy(s => s.Table).ToDictionary(s => s.Table);
    }
}
