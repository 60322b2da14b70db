using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Load;

/// <summary>Rows that Bubble no longer has, as text: ids of its form that are not staged, where everything it has is. All other ids are local.</summary>
internal static class GoneSql
{
    /// <summary>The column that says since when Bubble no longer has a row; a table may lack it.</summary>
    public const string MarkName = "deleted_in_bubble_at";

    /// <summary>That column, quoted.</summary>
    public static readonly string Mark = Identifier.Quote(MarkName);

    /// <summary>Whether the entity's table has that column.</summary>
    public static bool HasMark(EntityPlan plan) => plan.Target.Columns.ContainsKey(MarkName);

    /// <summary>A query of (id).</summary>
    /// <param name="plan">The entity.</param>
    /// <param name="staging">What Bubble has of it.</param>
    /// <param name="unmarked">Whether to leave out the rows that are marked already.</param>
    public static string Ids(EntityPlan plan, StagingTable staging, bool unmarked)
    {
        var key = plan.Key.Quoted;
        // The form is looked at last: PostgreSQL takes it for so rare that it would join row by row.
        return $"""
            select g.id
              from (select t.{key} as id from {plan.Table} t where not exists (select from {staging.Name} s where s.{key} = t.{key}){(unmarked && HasMark(plan) ? $" and t.{Mark} is null" : "")} offset 0) g
              where g.id collate "C" ~ '{BubbleId.Pattern}'
            """;
    }
}
