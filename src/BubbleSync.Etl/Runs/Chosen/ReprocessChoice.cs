using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Runs.Chosen;

/// <summary>The rejected records of a run that are to be loaded now.</summary>
/// <param name="Entities">The entities that have such records and a map.</param>
/// <param name="Warnings">What is left out because it is outdated or was not kept as Bubble sent it.</param>
/// <param name="Rebuilt">The entities of which records are left out because they were not kept as Bubble sent them.</param>
/// <param name="Errors">What is left out because no map names its entity any more.</param>
internal sealed record ReprocessChoice(
    IReadOnlyList<string> Entities, IReadOnlyList<string> Warnings, IReadOnlyList<string> Rebuilt, IReadOnlyList<SyncError> Errors)
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
            if (await rejected.ForgottenAsync(null, cancellationToken) is { } forgotten)
                throw Nothing(forgotten, new NextAction(NextActionKind.ResyncEntities));
            throw Nothing($"run {run} has rejected nothing");
        }

        var lost = counts.Where(c => maps.All(m => m.Name != c.Entity)).ToList();
        if (lost.Count == counts.Count)
        {
            var names = string.Join(", ", lost.Select(c => c.Entity));
            throw Nothing($"no map names {names} any more, whose records run {run} rejected. Put the map back into Run:Entities");
        }

        return new ReprocessChoice(
            [.. counts.Except(lost).Select(c => c.Entity)],
            [.. LeftOut(run, counts)],
            [.. counts.Where(c => c.Rebuilt > 0).Select(c => c.Entity)],
            [.. lost.Where(c => c.Open > 0).Select(c => new SyncError(
                SyncStage.Transform, c.Entity, null, null, ErrorCode.EntityGone,
                Invariant($"{c.Entity}: {c.Open} rejected records are left out, because no map names the entity any more. ")
                + "Put its map back into Run:Entities."))]);
    }

    private static IEnumerable<string> LeftOut(Guid run, IReadOnlyList<RejectedCount> counts)
    {
        if (counts.Sum(c => c.Outdated) is > 0 and var outdated)
        {
            yield return Invariant($"{outdated} of the records that run {run} rejected are left out: ")
                + "later runs read them again, or found that Bubble no longer has them.";
        }

        foreach (var count in counts.Where(c => c.Rebuilt > 0))
        {
            yield return Invariant($"{count.Entity}: {count.Rebuilt} of the records that run {run} rejected are left out, ")
                + $"because only their mapped columns were kept. A resync of {count.Entity} reads them again.";
        }
    }

    private static SyncException Nothing(string why, NextAction? next = null) =>
        new(new SyncError(SyncStage.Settings, null, null, "RUN", ErrorCode.NothingToReprocess, $"There is nothing to reprocess: {why}.") { Next = next });
}
