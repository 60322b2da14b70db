using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Merge.Conflicts;

/// <summary>
/// How many rows of each mirrored table the open transaction has written so far, triggers included, by the statistics of its session. They count what
/// was rolled back to a savepoint too, so only differences mean something.
/// </summary>
internal sealed class WriteCounts
{
    private readonly Dictionary<string, (long Written, long Deleted)> _byEntity;

    private WriteCounts(Dictionary<string, (long Written, long Deleted)> byEntity) => _byEntity = byEntity;

    /// <summary>Reads the counts; null where the server does not keep any (<c>track_counts</c> is off).</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<WriteCounts?> ReadAsync(NpgsqlConnection connection, IReadOnlyList<MirroredTable> tables, CancellationToken cancellationToken)
    {
        // A partitioned table has no counts of its own.
        const string Sql =
            """
            select t.entity, sum(pg_stat_get_xact_tuples_inserted(r.relation) + pg_stat_get_xact_tuples_updated(r.relation))::bigint,
                   sum(pg_stat_get_xact_tuples_deleted(r.relation))::bigint
            from unnest(@entities, @tables) t (entity, name)
            cross join lateral (
              select to_regclass(t.name)::oid as relation union select p.relid::oid from pg_partition_tree(to_regclass(t.name)) p) r
            where current_setting('track_counts')::boolean
            group by t.entity
            """;
        var rows = await connection.RowsAsync(
            Sql, r => (Entity: r.GetString(0), Counts: (r.IsDBNull(1) ? 0 : r.GetInt64(1), r.IsDBNull(2) ? 0 : r.GetInt64(2))), cancellationToken,
            ("entities", tables.Select(t => t.Entity).ToArray()), ("tables", tables.Select(t => t.Table).ToArray()));
        return rows.Count == 0 ? null : new WriteCounts(rows.ToDictionary(r => r.Entity, r => r.Counts));
    }

    /// <summary>Returns how many rows of an entity's table were written since.</summary>
    public long WrittenSince(WriteCounts before, string entity) => _byEntity[entity].Written - before._byEntity[entity].Written;

    /// <summary>Returns how many rows of an entity's table were deleted since.</summary>
    public long DeletedSince(WriteCounts before, string entity) => _byEntity[entity].Deleted - before._byEntity[entity].Deleted;
}
