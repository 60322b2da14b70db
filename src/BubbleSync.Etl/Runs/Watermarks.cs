using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Runs;

/// <summary>Up to when each entity is known to be in step with Bubble.</summary>
internal static class Watermarks
{
    // What a run read was true when it began, by whichever clock was behind. An incremental run whose reading could not be proved
    // leaves the mark where it was: a resync reads everything next time anyway, but nobody else would read what it missed.
    private const string Sql =
        """
        select e.entity, max(least(r.started_at, coalesce(r.upper_bound, r.started_at)))
        from bubblesync.run r join bubblesync.run_entity e using (run_id)
        where r.target_schema = @schema and r.status in ('succeeded', 'partial') and r.kind in ('resync', 'incremental')
          and not coalesce((r.options ->> 'dryRun')::boolean, false)
          and (r.kind = 'resync' or coalesce((e.proof ->> 'isComplete')::boolean, false))
        group by e.entity
        """;

    /// <summary>Gives the moment from which each entity has to be read, <paramref name="overlap"/> before its last finished run.</summary>
    /// <exception cref="SyncException">An entity has no finished run yet: a usage error.</exception>
    public static async Task<IReadOnlyDictionary<string, DateTimeOffset>> ReadAsync(TargetDatabase database, IEnumerable<EntityPlan> entities, TimeSpan overlap, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var marks = (await connection.RowsAsync(Sql, r => (Entity: r.GetString(0), At: r.GetFieldValue<DateTimeOffset>(1)), cancellationToken, ("schema", database.Schema)))
            .ToDictionary(m => m.Entity, m => m.At - overlap);
        var never = entities.Where(e => !marks.ContainsKey(e.Name)).Select(e => e.Name).ToList();
        return never.Count == 0
            ? marks
            : throw new SyncException(new SyncError("settings", never[0], null, null, "no-watermark", $"No run has finished yet over {string.Join(", ", never)}, so that there is nothing to start from. Run 'bubblesync resync' first{(marks.Count > 0 ? $", with --entity {never[0]} if only that is missing" : "")}."));
    }
}
