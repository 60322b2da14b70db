using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Merge.Conflicts;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge;

/// <content>Which rows and columns a merge or a backfill writes.</content>
internal sealed partial class MergeSql
{
    // Bubble's own clock decides; a local edit later than Bubble's wins, unless forced.
    private string IsNewer => force || plan.Backfill is not null
        ? "true"
        : $"({_storedModified} is null or (s.{_modified} > {_storedModified} and not {IsEdited}))";

    private string IsConflict => plan.Backfill is { } backfill ? $"({(backfill.SparesEdited ? $"{IsSpared} and ({Fills})" : "false")})"
        : force ? "false"
        : $"(s.{_modified} > {_storedModified} and {IsEdited})";

    private string IsSpared => LocalEditSql.IsEdited(plan, _storedModified);

    private string Fills => plan.Backfill is { Columns.Count: 0 } ? "false" : string.Join("\n  or ", Updatable().Select(Differs));

    private string IsEdited => LocalEditSql.IsEdited(plan, $"s.{_modified}");

    private string IsUpdated => $"{(plan.Backfill is { SparesEdited: true } ? $"not {IsSpared}" : IsNewer)} and ({Fills})";

    private IEnumerable<ColumnPlan> Updatable() =>
        plan.Columns.Where(c => c.Name != plan.KeyName && (plan.Backfill is not { } backfill || backfill.Columns.Contains(c.Name)));

    // What is kept of a record in the column of unmapped fields lacks the other fields.
    private string IsRebuilt(string prefix) => plan.Backfill is { IsKept: true } ? "true" : $"coalesce({prefix}is_rebuilt, false)";

    private static string Sent(ColumnPlan column) => Invariant($"_sent_{column.Ordinal}");

    private static string IsPresent(ColumnPlan column) =>
        $"(s.{(column.HoldsLinks ? Sent(column) : $"{column.Quoted} is not null")} or {StagingLayout.IsNullMarked("s", column)})";

    private string IsWritten(ColumnPlan column) => plan.Backfill is null ? IsPresent(column) : Differs(column);

    private string Differs(ColumnPlan column) => plan.Backfill is not null
        ? $"(t.{column.Quoted} is null and s.{column.Quoted} is not null)"
        : $"({ComparedSql.Stored("t", column)} is distinct from {ComparedSql.Staged("s", column)} and {IsPresent(column)})";
}
