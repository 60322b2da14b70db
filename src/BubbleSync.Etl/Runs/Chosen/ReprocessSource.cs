using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Journal;

namespace BubbleSync.Etl.Runs.Chosen;

/// <summary>Reads the rejected records of an earlier run again, as they were kept: without Bubble, after a map or a table was fixed.</summary>
internal sealed class ReprocessSource(RejectedRecords rejected, IReadOnlyList<string> rebuilt, ReadingOrder order)
{
    /// <summary>Passes an entity's rejects through its line of stages.</summary>
    public Task ReadAsync(EntityRun entity, CancellationToken cancellationToken)
    {
        entity.Report = entity.Report with { MayLackRecords = rebuilt.Contains(entity.Plan.Name) };
        return entity.Flow.PassAsync(token => ReplayedRecords.ReadAsync(rejected.RawAsync(entity.Plan.Name, token), order, token), cancellationToken);
    }
}
