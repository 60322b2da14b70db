using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Merge.Pruning;

namespace BubbleSync.Etl.Merge;

/// <content>The statements that count what a merge would do or has done.</content>
internal sealed partial class MergeSql
{
    /// <summary>
    /// Compares what is staged with the table, in one join. Counts records that are new; that are newer than their row; that Bubble changed and that were
    /// changed here later still; rows marked as gone whose record Bubble sent again; if asked, rows with ids of Bubble's form that it no longer
    /// has, else null; values kept here that the records do not carry, of plain columns and of links; and, if asked, records that are older in Bubble than
    /// their row, which no run has written since this one (run) began.
    /// </summary>
    public string Classify(bool countGone, bool countOlder = false) =>
        $"""
        select count(*) filter (where t.{_key} is null and not s.{StagingLayout.Rejected}),
               count(*) filter (where t.{_key} is not null and {IsNewer} and not s.{StagingLayout.Rejected}),
               count(*) filter (where {IsConflict} and not s.{StagingLayout.Rejected}),
               {(DeletionMark.IsIn(plan) ? $"count(t.{DeletionMark.Quoted}) filter (where s.{_key} is not null)" : "0::bigint")},
               {(!countGone ? "null::bigint" : $"count(*) filter (where s.{_key} is null and {DeletedInSourceSql.IsWithin("t", plan)})")},
               {(plan.Backfill is null ? _kept.Count(completed: false, IsNewer) : "0::bigint")},
               {(plan.Backfill is null ? _kept.Count(completed: true, IsNewer) : "0::bigint")},
               {(countOlder ? CountOlder : "0::bigint")}
        from (select s.*, {_kept.StagedBits} from {staging.Name} s) s
        {(countGone ? "full" : "left")} join (select t.*, t.xmin, {_kept.StoredBits} from {plan.Table} t) t on t.{_key} = s.{_key}
        """;

    // A resumed run may have read a record before another run did.
    private string CountOlder =>
        $"""
        count(*) filter (where s.{_modified} < {_storedModified} and not s.{StagingLayout.Rejected}
          and {ClockSql.Stored(plan, "t", Clocks.SyncedAt)} <= (select started_at from bubblesync.run where run_id = @run))
        """;

    /// <summary>Counts the rows that the merge would update.</summary>
    public string CountUpdates => $"select count(*) from ({Source(null)}) s join {plan.Table} t on t.{_key} = s.{_key} where {IsUpdated}";

    /// <summary>
    /// Counts rows that still differ after the merge that was to update them, and lack its time in <c>last_synced_at</c> or their record's Modified Date. Every
    /// write sets both, so a trigger restored the old row.
    /// </summary>
    public string CountPutBack =>
        $"""
        select count(*) from ({Source(null)}) s join {plan.Table} t on t.{_key} = s.{_key}
        where {IsUpdated} {(plan.Backfill is null ? IsOfOldTime : "")}
        """;

    /// <summary>Whether a row was written in the open transaction, as a condition.</summary>
    public static string IsWrittenNow(EntityPlan plan) =>
        $"{ClockSql.Stored(plan, "t", Clocks.SyncedAt)} is not distinct from {ClockSql.Cut(plan, Clocks.SyncedAt, "now()")}";

    private string IsOfOldTime =>
        $"""
        and ((s.{_modified} is not null and {_storedModified} is distinct from s.{_modified})
          or {ClockSql.Stored(plan, "t", Clocks.SyncedAt)} is distinct from {ClockSql.Cut(plan, Clocks.SyncedAt, "now()")})
        """;

    /// <summary>Counts, for each column of <see cref="Holding"/>, the rows that keep another value than the same version of their record has.</summary>
    public string CountHeld =>
        $"""
        select array[{string.Join(",\n  ", Holding.Select(c => $"count(*) filter (where {Backfill!.IsHeld(c, IsPresent(c))})"))}]::bigint[]
        from ({Source(null)}) s join {plan.Table} t on t.{_key} = s.{_key}
        """;

    /// <summary>The columns in which rows may keep other values after a backfill.</summary>
    public IReadOnlyList<ColumnPlan> Holding => Backfill?.Holding ?? [];

    /// <summary>Counts records that are still in no row after the merge.</summary>
    public string CountKeptOut =>
        $"select count(*) from {staging.Name} s where not s.{StagingLayout.Rejected} and not exists (select from {plan.Table} t where t.{_key} = s.{_key})";
}
