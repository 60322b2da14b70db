using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge;

/// <summary>Rows that a table did not take, though no error says so.</summary>
internal static class UntakenRows
{
    /// <summary>Returns the error, which names the triggers that may have kept the rows out.</summary>
    public static SyncException Error(
        EntityPlan plan, string nextStep, IEnumerable<TriggerInfo> suspects, (long Kept, long All) inserts, (long Kept, long All) updates)
    {
        var triggers = suspects.Select(t => $"'{t.Name}'").ToList();
        string?[] what =
        [
            inserts.Kept > 0 ? Invariant($"{inserts.Kept} of {inserts.All} new rows") : null,
            updates.Kept > 0 ? Invariant($"{updates.Kept} of {updates.All} updates") : null,
        ];
        var kept = string.Join(" and ", what.OfType<string>());
        var found = triggers.Count switch
        {
            0 => $"table {plan.Table} did not take {kept}, and no trigger explains it (a rule, or row-level security?)",
            1 => $"trigger {triggers[0]} of table {plan.Table} kept {kept} out",
            _ => $"one of the triggers {string.Join(", ", triggers)} of table {plan.Table} kept {kept} out",
        };
        var fix = triggers.Count == 0 ? "table" : "trigger";
        return new SyncException(new SyncError(
            SyncStage.Load, plan.Name, null, null, ErrorCode.RowsNotTaken,
            $"{plan.Name}: {found}, so that nothing of this entity was merged. Fix the {fix}, then {nextStep}."));
    }
}
