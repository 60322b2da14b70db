using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Merge.Links;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Staging;

namespace BubbleSync.Etl.Merge;

/// <summary>
/// The SQL statements that merge one entity from staging into its table. In them <c>s</c> is staged, <c>t</c> the target.
/// Guarded: a row that would not change is not touched, which costs a comparison and no WAL. For a backfill they only fill columns that are NULL.
/// </summary>
/// <param name="plan">The entity.</param>
/// <param name="staging">Its staging.</param>
/// <param name="force">Whether Bubble's values win over local edits and over rows that are newer.</param>
/// <param name="ownNumbers">Whether new rows get numbers of the statement's own instead of those of sequences, because the rows will not last.</param>
internal sealed partial class MergeSql(EntityPlan plan, StagingTable staging, bool force, bool ownNumbers = false)
{
    /// <summary>How a message about a row begins that is kept because it was edited on both sides.</summary>
    public const string KeptConflict = "kept as it is:";

    private const string MostFreedSingly = "10000";

    private readonly string _key = plan.Key.Quoted;
    private readonly string _modified = plan.Modified.Quoted;
    private readonly string _storedModified = ComparedSql.Stored("t", plan.Modified);
    private readonly AbsentKeptSql _kept = new(plan);

    /// <summary>Keeps the valid one of several readings of a record; returns the others in binary form.</summary>
    /// <param name="suspects">The keys that may occur several times; null to examine all.</param>
    public string TakeSuperseded(IReadOnlyList<string>? suspects)
    {
        // As literals: COPY takes no parameters.
        var repeated = suspects is null ? Repeated : $"= any(array[{string.Join(", ", suspects.Select(Identifier.Literal))}])";
        return $"copy ({DeleteSuperseded(repeated)} returning {staging.Columns("s.")}) to stdout (format binary)";
    }

    /// <summary>Keeps the valid one of several readings of a record.</summary>
    public string DropSuperseded => DeleteSuperseded(Repeated);

    private string Repeated => $"in (select {_key} from {staging.Name} group by {_key} having count(*) > 1)";

    private string DeleteSuperseded(string repeated) =>
        $"""
        delete from {staging.Name} s using (
          select ctid, row_number() over (partition by {_key} collate "C" order by {NewestFirst}) as place
          from {staging.Name}
          where {_key} {repeated}
        ) d
        where s.ctid = d.ctid and d.place > 1
        """;

    /// <summary>The number of different records, and of those whose valid reading was rejected; records without a usable id are included.</summary>
    public string CountDistinct =>
        $"""
        select count(*), count(*) filter (where r.is_rejected)
        from (
          (select distinct on ({_key} collate "C")
             {StagingLayout.Rejected} or exists (
               select from {staging.Rejects} j where j.bubble_id = s.{_key} and j.{StagingLayout.Order} = s.{StagingLayout.Order}) as is_rejected
           from {staging.Name} s order by {_key} collate "C", {NewestFirst})
          union all
          select true from {staging.Rejects} where bubble_id is null
        ) r
        """;

    /// <summary>Removes the rejects that a stopped attempt at the same run has kept.</summary>
    public const string ForgetRejects = "delete from bubblesync.rejected_record where run_id = @run and entity = @entity";

    /// <summary>Keeps the fields that did not convert, as far as they are staged. Records whose text is still to be read again are left out.</summary>
    public string KeepAllRejects =>
        $"""
        insert into bubblesync.rejected_record (run_id, entity, bubble_id, field, reason, raw, is_rebuilt)
        select @run, @entity, bubble_id, field, reason, raw, {IsRebuilt("")} from {staging.Rejects} where raw is not null
        """;

    /// <summary>Keeps the fields that did not convert, of the valid readings.</summary>
    public string KeepRejects =>
        $"""
        insert into bubblesync.rejected_record (run_id, entity, bubble_id, field, reason, raw, is_rebuilt)
        select @run, @entity, r.bubble_id, r.field, r.reason, r.raw, {IsRebuilt("r.")}
        from {staging.Rejects} r
        where r.bubble_id is null
           or exists (select from {staging.Name} s where s.{_key} = r.bubble_id
             and s.{StagingLayout.Rejected} and s.{StagingLayout.Order} = r.{StagingLayout.Order})
        """;

    /// <summary>Logs each conflict.</summary>
    public string LogConflicts =>
        $"""
        insert into bubblesync.activity_log (run_id, level, stage, entity, bubble_id, message)
        select @run, 'warning', 'load', @entity, s.{_key},
               format('{KeptConflict} changed in Bubble at %s, but here later, at %s; a run that takes Bubble''s values (force) overwrites it',
                      s.{_modified}, {ClockSql.Stored(plan, "t", Clocks.UpdatedAt)})
        from {staging.Name} s join {plan.Table} t on t.{_key} = s.{_key}
        where not s.{StagingLayout.Rejected} and {IsConflict}
        """;

    /// <summary>
    /// Updates the planner's row count of the target. Autovacuum does that later, and during a merge it sees pages without a row: patches are then planned for
    /// one row per table, and an anti join of 200,000 rows by nested loops takes hours. PostgreSQL permits it only to the table's owner, and otherwise only
    /// warns. The count stays even if a dry run rolls the rows back.
    /// </summary>
    public string Analyze => $"{StagingTable.SmallSample}; analyze {plan.Table} ({_key})";

    /// <summary>Logs that <see cref="Analyze"/> was not permitted.</summary>
    public const string LogUncounted =
        """
        insert into bubblesync.activity_log (run_id, level, stage, entity, bubble_id, message)
        values (@run, 'warning', 'load', @entity, null,
                'was not analysed, because another session holds a lock on its table, such as VACUUM; patches may be planned for too few rows and take long')
        """;

    /// <summary>The one statement that writes the target.</summary>
    /// <param name="part">A condition on the staged rows <c>s</c> that are merged; null for all.</param>
    public string Merge(string? part = null)
    {
        var inserted = Inserted().ToList();
        var updated = Updatable().Select(c => $"{c.Quoted} = case when {IsWritten(c)} then {Value(c)} else t.{c.Quoted} end")
            .Concat(OwnClocks().Where(o => o.OnUpdate && plan.Backfill is null).Select(o => $"{o.Column} = {o.Value}"));
        var overriding = ownNumbers && plan.Target.Columns.Values.Any(c => c.IsIdentityAlways) ? " overriding system value" : "";
        var insert =
            $"""
            when not matched then insert ({string.Join(", ", inserted.Select(i => i.Column))}){overriding}
            values ({string.Join(", ", inserted.Select(i => i.Value))})
            """;
        return $"""
            merge into {plan.Table} as t
            using ({Source(part)}) as s
            on t.{_key} = s.{_key}
            when matched and {IsUpdated} then update set
              {string.Join(",\n  ", updated)}
            {(plan.Backfill is null ? insert : "")}
            """;
    }

    /// <summary>The numbers of the readings that the merge would write, sorted.</summary>
    public string Written =>
        $"""
        select s.{StagingLayout.Order} from ({Source(null)}) s left join {plan.Table} t on t.{_key} = s.{_key}
        where ({(plan.Backfill is null ? $"t.{_key} is null" : "false")}) or ({IsUpdated}) order by s.{StagingLayout.Order}
        """;

    /// <summary>The numbers of the readings whose rows <see cref="Free"/> would change.</summary>
    public string ToFree(ColumnPlan column, string condition) =>
        $"""
        select s.{StagingLayout.Order} from ({Source(null)}) s join {plan.Table} t on t.{_key} = s.{_key}
        where {IsUpdated} and {Differs(column)} {condition} order by 1 limit {MostFreedSingly}
        """;

    /// <summary>
    /// Gives rows that are about to get another value in <paramref name="column"/> a provisional one first, so that records may exchange values that must be
    /// unique; returns the numbers of their readings. In it <c>f</c> numbers the rows.
    /// </summary>
    /// <param name="column">The column.</param>
    /// <param name="value">What it becomes, an expression.</param>
    /// <param name="condition">A further condition on the rows, or an empty text.</param>
    public string Free(ColumnPlan column, string value, string condition) =>
        $"""
        update {plan.Table} t set {column.Quoted} = {value}
        from (
          select s.{_key}, s.{StagingLayout.Order}, row_number() over () as {StagingLayout.Row}
          from ({Source(null)}) s join {plan.Table} t on t.{_key} = s.{_key}
          where {IsUpdated} and {Differs(column)} {condition}
        ) f
        where t.{_key} = f.{_key} returning f.{StagingLayout.Order}
        """;

    /// <summary>Counts, for each of these columns, the rows that the merge would empty because the record does not carry the field.</summary>
    public string CountCleared(IEnumerable<ColumnPlan> columns) =>
        $"""
        select array[{string.Join(",\n  ", columns.Select(c => $"count(*) filter (where {IsCleared(c)})"))}]
        from {staging.Name} s join {plan.Table} t on t.{_key} = s.{_key}
        where not s.{StagingLayout.Rejected} and {IsNewer}
        """;

    /// <summary>Counts the values that these columns have in the whole table.</summary>
    public string CountValues(IEnumerable<ColumnPlan> columns) =>
        $"select array[{string.Join(", ", columns.Select(c => $"count({c.Quoted})"))}] from {plan.Table}";

    private static string IsCleared(ColumnPlan column) =>
        $"s.{column.Quoted} is null and not {StagingLayout.IsNullSent("s", column)} and t.{column.Quoted} is not null";

    private string NewestFirst => $"{_modified} desc nulls last, {StagingLayout.Order} desc";

    // A link whose foreign key has no target yet is held back: it counts as present, but as NULL.
    private string Source(string? part)
    {
        var held = plan.Columns.Where(c => c.HoldsLinks).ToList();
        var columns = held.Count == 0 ? ["s.*"] : new StagingLayout(plan).Columns().Select(c => held.Find(h => h.Quoted == c.Quoted) is { } column
            ? $"case when {ForeignKeySql.HasTargets(column, column.Written($"s.{c.Quoted}"))} then s.{c.Quoted} end as {c.Quoted}, "
              + $"s.{c.Quoted} is not null as {Sent(column)}"
            : $"s.{c.Quoted}");
        var row = ownNumbers ? $", row_number() over () as {StagingLayout.Row}" : "";
        return $"select {string.Join(", ", columns)}{row} from {staging.Name} s where not s.{StagingLayout.Rejected}{(part is null ? "" : $" and {part}")}";
    }

    private static string Value(ColumnPlan column) => column.Written($"s.{column.Quoted}");

    private IEnumerable<(string Column, string Value)> Inserted() =>
        plan.Columns
            .Select(c => (c.Quoted, Default(c.Target) is { } otherwise ? $"case when {IsPresent(c)} then {Value(c)} else {otherwise} end" : Value(c)))
            .Concat(OwnClocks().Select(o => (o.Column, o.Value)))
            .Concat(ownNumbers ? Numbered().Select(c => (Quote(c.Name), Default(c)!)) : []);

    private IEnumerable<ColumnInfo> Numbered() =>
        plan.Target.Columns.Values.Where(c => c.IsNumbered && !Clocks.Own.Contains(c.Name) && plan.Columns.All(p => p.Name != c.Name));

    private string? Default(ColumnInfo column) => ownNumbers && column.IsNumbered ? RowNumberSql.Of(column, plan.Table) : column.Default;

    private IEnumerable<(string Column, string Value, bool OnUpdate)> OwnClocks()
    {
        (string Name, string Value, bool OnUpdate)[] clocks =
        [
            (Clocks.CreatedAt, $"coalesce(s.{StagingLayout.Created}, now())", false),
            (Clocks.UpdatedAt, $"coalesce(s.{_modified}, now())", true),
            (Clocks.SyncedAt, "now()", true),
        ];
        return clocks.Where(c => plan.Columns.All(p => p.Name != c.Name)).Select(c => (Quote(c.Name), ClockSql.Written(plan, c.Name, c.Value), c.OnUpdate));
    }

    private static string Quote(string name) => Identifier.Quote(name);
}
