using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Staging;

namespace BubbleSync.Etl.Merge.Pruning;

/// <summary>SQL text for rows that Bubble no longer has: not staged, but within the horizon of a run that staged everything that Bubble has.</summary>
internal static class DeletedInSourceSql
{
    /// <summary>
    /// A condition on a row <paramref name="t"/>: its id has Bubble's form (all others are local), begins with a moment before the upper bound
    /// (ids begin with the creation of their record in milliseconds), and the row was there, as it is, when the reading began.
    /// The reading does not cover other rows.
    /// It takes <see cref="Parameters"/>, as all statements made of it do.
    /// </summary>
    public static string IsWithin(string t, EntityPlan plan) =>
        $"""
        case when {t}.{plan.Key.Quoted}::text collate "C" ~ '{BubbleId.Pattern}'
             then split_part({t}.{plan.Key.Quoted}::text collate "C", 'x', 1)::numeric < @bound
               and bubblesync.is_written_before({t}.xmin, @snapshot::pg_snapshot)
             else false end
        """;

    /// <summary>The parameters with the limit of a reading; none where no rows are searched for.</summary>
    public static (string Name, object? Value)[] Parameters(Horizon? horizon) =>
        horizon is null ? [] : [("bound", horizon.Bound.ToUnixTimeMilliseconds()), ("snapshot", horizon.Snapshot)];

    /// <summary>A query of (id).</summary>
    /// <param name="plan">The entity.</param>
    /// <param name="staging">What Bubble has of it.</param>
    /// <param name="unmarked">Whether to leave out the rows that are marked already.</param>
    public static string Ids(EntityPlan plan, StagingTable staging, bool unmarked)
    {
        var key = plan.Key.Quoted;
        var living = unmarked && DeletionMark.IsIn(plan) ? $" and t.{DeletionMark.Quoted} is null" : "";
        // The horizon is checked last: PostgreSQL expects few rows of this form and would join row by row.
        return $"""
            select g.{key} as id
              from (select t.{key}, t.xmin from {plan.Table} t
                where not exists (select from {staging.Name} s where s.{key} = t.{key}){living} offset 0) g
              where {IsWithin("g", plan)}
            """;
    }

    /// <summary>A query of (id): rows that were noted as gone, by this run or an earlier one.</summary>
    /// <param name="plan">The entity.</param>
    /// <param name="unmarked">Whether to leave out the rows that are marked already.</param>
    public static string Noted(EntityPlan plan, bool unmarked)
    {
        var key = plan.Key.Quoted;
        var living = unmarked && DeletionMark.IsIn(plan) ? $" and t.{DeletionMark.Quoted} is null" : "";
        return $"""
            select t.{key} as id from {plan.Table} t
            where {IsWithin("t", plan)}{living} and exists (
              select from bubblesync.not_in_bubble n
              where n.target_schema = {Identifier.Literal(plan.Schema)} and n.entity = {Identifier.Literal(plan.Name)} and n.bubble_id = t.{key})
            """;
    }
}
