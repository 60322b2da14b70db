using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Merge.Conflicts;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge;

/// <content>Which rows and columns a merge or a backfill writes.</content>
internal sealed partial class MergeSql
{
    private BackfillSql? Backfill => plan.Backfill is not { } backfill ? null
        : new BackfillSql(
            [.. Updatable()], backfill.Spared, [.. plan.Columns.Where(c => backfill.Outdated.Contains(c.Name))],
            LocalEditSql.IsEdited(plan, _storedModified), $"{_storedModified} is not distinct from s.{_modified}");

    // Bubble's own clock decides; a local edit later than Bubble's wins, unless forced.
    private string IsNewer => force || plan.Backfill is not null
        ? "true"
        : $"({_storedModified} is null or (s.{_modified} > {_storedModified} and not {IsEdited}))";

    private string IsConflict => Backfill?.IsConflict ?? (force ? "false" : $"(s.{_modified} > {_storedModified} and {IsEdited})");

    private string IsEdited => LocalEditSql.IsEdited(plan, $"s.{_modified}");

    private string IsUpdated => Backfill?.IsUpdated ?? $"{IsNewer} and ({string.Join("\n  or ", Updatable().Select(Differs))})";

    private IEnumerable<ColumnPlan> Updatable() =>
        plan.Columns.Where(c => c.Name != plan.KeyName && (plan.Backfill is not { } backfill || backfill.Columns.Contains(c.Name)));

    // What is kept of a record in the column of unmapped fields lacks the other fields.
    private string IsRebuilt(string prefix) => plan.Backfill is { IsKept: true } ? "true" : $"coalesce({prefix}is_rebuilt, false)";

    private static string Sent(ColumnPlan column) => Invariant($"_sent_{column.Ordinal}");

    private static string IsPresent(ColumnPlan column) =>
        $"(s.{(column.HoldsLinks ? Sent(column) : $"{column.Quoted} is not null")} or {StagingLayout.IsNullMarked("s", column)})";

    private string IsWritten(ColumnPlan column) => Backfill?.IsFilled(column) ?? IsPresent(column);

    private string Differs(ColumnPlan column) => Backfill?.IsFilled(column)
        ?? $"({ComparedSql.Stored("t", column)} is distinct from {ComparedSql.Staged("s", column)} and {IsPresent(column)})";
}
