using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge;

/// <summary>Records that are older in Bubble than their rows here, which a sync leaves as they are.</summary>
internal static class OlderRecords
{
    /// <summary>Returns what happened and what to do.</summary>
    public static string Message(EntityPlan plan, long count) =>
        Invariant($"{count} {(count == 1 ? "record is" : "records are")} older in Bubble than here, as after Bubble's database was restored. ")
        + $"A resync of {plan.Name} that takes Bubble's values (force) overwrites them";

    /// <summary>The same as an error of a run.</summary>
    public static SyncError Error(EntityPlan plan, long count) =>
        new(SyncStage.Load, plan.Name, null, null, ErrorCode.OlderInBubble, $"{plan.Name}: {Message(plan, count)}.");
}
