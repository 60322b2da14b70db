using BubbleSync.Etl.Config;
using BubbleSync.Etl.Runs;

namespace BubbleSync.Etl.Sync;

/// <summary>The rejected records of a run that are to be loaded now.</summary>
/// <param name="Entities">The entities that have such records and a map.</param>
/// <param name="Warnings">What is left out because it is outdated.</param>
/// <param name="Errors">What is left out because no map names its entity any more.</param>
internal sealed record ReprocessChoice(IReadOnlyList<string> Entities, IReadOnlyList<string> Warnings, IReadOnlyList<SyncError> Errors)
{
    /// <summary>Returns the choice.</summary>
    /// <param name="rejected">What the run rejected.</param>
    /// <param name="run">The run.</param>
    /// <param name="maps">The maps of all entities.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SyncException">There is nothing to load: a usage error that says why.</exception>
    public static async Task<ReprocessChoice> ReadAsync(RejectedRecords rejected, Guid run, IReadOnlyList<EntityMap> maps, CancellationToken cancellationToken)
    {
        var counts = await rejected.CountAsync(cancellationToken);
        if (counts.Count == 0)
        {
            throw Nothing(await rejected.CountAllAsync(cancellationToken) is > 0 and var gone
                ? $"the {gone} records that run {run} rejected are no longer kept (Run:KeepDays). 'bubblesync resync' reads them again"
                : $"run {run} has rejected nothing");
        }

        var outdated = counts.Sum(c => c.All - c.Open);
        var lost = counts.Where(c => maps.All(m => m.Name != c.Entity)).ToList();
        if (lost.Count == counts.Count)
        {
            var names = string.Join(", ", lost.Select(c => c.Entity));
            throw Nothing($"no map names {names} any more, whose records run {run} rejected. Put the map back into Run:Entities");
        }

        return new ReprocessChoice(
            [.. counts.Except(lost).Select(c => c.Entity)],
            outdated == 0
                ? []
                : [$"{outdated} of the records that run {run} rejected are left out: "
                    + "later runs read them again, or found that Bubble no longer has them."],
            [.. lost.Where(c => c.Open > 0).Select(c => new SyncError(
                "transform", c.Entity, null, null, "entity-gone",
                $"{c.Entity}: {c.Open} rejected records are left out, because no map names the entity any more. "
                + "Put its map back into Run:Entities."))]);
    }

    private static SyncException Nothing(string why) =>
        new(new SyncError("settings", null, null, "RUN", "nothing-to-reprocess", $"There is nothing to reprocess: {why}."));
}
