using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Merge.Links;
using BubbleSync.Etl.Merge.Pruning;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Staging;
using static System.FormattableString;

namespace BubbleSync.Etl.Compare;

/// <summary>The SQL that compares an entity's staging with its table and changes nothing. In them <c>s</c> is staged, <c>t</c> the table.</summary>
internal sealed class ComparisonSql(EntityPlan plan, StagingTable staging)
{
    private readonly string _key = plan.Key.Quoted;
    private readonly string _staged = $"s.{plan.Modified.Quoted}";
    private readonly string _stored = ComparedSql.Stored("t", plan.Modified);

    /// <summary>
    /// Every record that is not the same on both sides, by its id: (id, verdict, ordinals of the columns that differ, fields that did not convert,
    /// whether its row is marked as deleted, ordinals of the columns whose value is kept though the record does not carry it, and for each column by its
    /// ordinal: staged text, stored text).
    /// </summary>
    /// <param name="withExtra">
    /// Whether to look for rows that Bubble no longer has, within <see cref="DeletedInSourceSql.Parameters"/>; only where everything that it has is staged.
    /// </param>
    /// <param name="known">A query of further differences, with the same columns; null for none.</param>
    public string Differences(bool withExtra, string? known) =>
        $"""
        select d.id, d.verdict, d.columns, d.fields, d.is_marked, d.kept, d.staged, d.stored
        from (
          select s.{_key} as id, {Verdict} as verdict, case when {IsComparable} then {Ordinals(Differs)} end as columns, null::text[] as fields,
            {IsMarked} as is_marked, {Ordinals(AbsentKeptSql.IsKept)} as kept,
            array[{Each(c => ComparedSql.StagedText("s", c))}]::text[] as staged,
            array[{Each(c => ComparedSql.StoredText("t", c))}]::text[] as stored
          from {staging.Name} s left join {plan.Table} t on t.{_key} = s.{_key}
          where not s.{StagingLayout.Rejected}
          union all
          {Rejected}
          {(withExtra ? $"union all {Extra}" : "")}
          {(known is null ? "" : $"union all {known}")}
        ) d
        where d.verdict <> 'differs' or cardinality(d.columns) > 0 or d.is_marked or cardinality(d.kept) > 0
        order by d.id collate "C"
        """;

    /// <summary>
    /// Every record with what is staged and what is stored of it, by its id: (id, record as it came, whether it has a row, fields that did not convert,
    /// for each column by its ordinal: staged text, stored text, 0 absent, 1 same, 2 differs; and since when its row is marked as deleted).
    /// </summary>
    public string Values =>
        $"""
        select s.{_key}::text, r.raw, t.{_key} is not null,
          case when s.{StagingLayout.Rejected} then (select array_agg(x.field)
            from {staging.Rejects} x where x.{StagingLayout.Order} = s.{StagingLayout.Order}) end,
          array[{Each(c => ComparedSql.StagedText("s", c))}]::text[],
          array[{Each(c => ComparedSql.StoredText("t", c))}]::text[],
          array[{Each(c => $"case when not {IsPresent(c)} then 0 when {Differs(c)} then 2 else 1 end")}]::integer[],
          {(DeletionMark.IsIn(plan) ? ComparedSql.MomentText(ClockSql.Stored(plan, "t", DeletionMark.Name)) : "null::text")}
        from {staging.Name} s join {staging.Raw} r on r.{StagingLayout.Order} = s.{StagingLayout.Order}
        left join {plan.Table} t on t.{_key} = s.{_key}
        order by s.{_key} collate "C"
        """;

    /// <summary>The records that have no usable id, as they came.</summary>
    public string Nameless => $"select raw from {staging.Rejects} where bubble_id is null order by raw collate \"C\"";

    /// <summary>
    /// A column differs where a resync would write it. What a patch completes is no difference: a list in which Bubble's items are in Bubble's order
    /// with more between or after them, a link that is null in Bubble. Nor is a deferred link, which is NULL until its target is there.
    /// </summary>
    public string Differs(ColumnPlan column)
    {
        var (stored, staged) = (ComparedSql.Stored("t", column), ComparedSql.Staged("s", column));
        var isCompleted = column.IsCompleted ? $" and not {IsCompleted(column)}" : "";
        var isHeld = column.HoldsLinks ? $" and not {IsHeld(column)}" : "";
        return $"({stored} is distinct from {staged} and {IsPresent(column)}{isCompleted}{isHeld})";
    }

    /// <summary>The record has the field, possibly as a null.</summary>
    public static string IsPresent(ColumnPlan column) => $"(s.{column.Quoted} is not null or {StagingLayout.IsNullMarked("s", column)})";

    private string Each(Func<ColumnPlan, string> expression) => string.Join(",\n  ", plan.Columns.Select(expression));

    private string Verdict =>
        $"""
        case when t.{_key} is null then 'missing'
             when {_staged} > {_stored} or ({_stored} is null and {_staged} is not null) then 'older'
             when {_staged} < {_stored} then 'newer'
             else 'differs' end
        """;

    // Records are compared only if their dates are equal. A record without a date is always compared.
    private string IsComparable => $"t.{_key} is not null and ({_staged} is null or {_staged} = {_stored})";

    // A resync removes the mark from a row if Bubble has the record.
    private string IsMarked => DeletionMark.IsIn(plan) ? $"t.{DeletionMark.Quoted} is not null" : "false";

    private string Ordinals(Func<ColumnPlan, string> condition)
    {
        var ordinals = WithoutKey().Select(c => Invariant($"case when {condition(c)} then {c.Ordinal} end"));
        return $"array_remove(array[{string.Join(",\n  ", ordinals)}]::integer[], null)";
    }

    private IEnumerable<ColumnPlan> WithoutKey() => plan.Columns.Where(c => c.Name != plan.KeyName);

    private string Rejected =>
        $"""
        select r.bubble_id, 'rejected', null, array_agg(distinct r.field), false, null, null, null
          from {staging.Rejects} r
          where exists (select from {staging.Name} s where s.{_key} = r.bubble_id
            and s.{StagingLayout.Rejected} and s.{StagingLayout.Order} = r.{StagingLayout.Order})
          group by r.bubble_id
          union all
          select '', 'rejected', null, array[r.field], false, null, null, null from {staging.Rejects} r where r.bubble_id is null
        """;

    // A row that is marked as deleted already agrees with Bubble.
    private string Extra =>
        $"select gone.id::text, 'extra', null, null, false, null, null, null from ({DeletedInSourceSql.Ids(plan, staging, unmarked: true)}) gone";

    private static string IsCompleted(ColumnPlan column)
    {
        var (stored, staged) = (ComparedSql.Stored("t", column), ComparedSql.Staged("s", column));
        var isWhole = column.Type.Shape == FieldShape.TextArray ? $"bubblesync.is_completed({stored}, {staged})" : $"bubblesync.is_blank({staged})";
        return $"(t.{column.Quoted} is not null and (s.{column.Quoted} is null or {isWhole}))";
    }

    private string IsHeld(ColumnPlan column) =>
        $"""
        (t.{column.Quoted} is null and exists (
          select from bubblesync.held_link h
          where h.target_schema = {Identifier.Literal(plan.Schema)} and h.entity = {Identifier.Literal(plan.Name)}
            and h.column_name = {Identifier.Literal(column.Name)} and h.bubble_id = s.{_key} and h.target_id = s.{column.Quoted}::text)
          and not {ForeignKeySql.HasTargets(column, column.Written($"s.{column.Quoted}"))})
        """;
}
