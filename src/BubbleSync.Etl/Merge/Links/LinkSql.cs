using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Merge.Links;

/// <summary>SQL text for links whose target is in none of their tables.</summary>
internal static class LinkSql
{
    // The most rows that are named of one target.
    private const int MostNamed = 100;

    /// <summary>
    /// The targets of a column that no table has, sorted: (id, number of rows that refer to it, ids of the first hundred of them). Literals such as
    /// admin_user_x are no links.
    /// </summary>
    /// <param name="plan">The entity.</param>
    /// <param name="column">A column with relations.</param>
    /// <param name="withHeld">Whether to count deferred links too, whose column is NULL meanwhile.</param>
    public static string Missing(EntityPlan plan, ColumnPlan column, bool withHeld)
    {
        var id = column.Type.Shape == FieldShape.TextArray ? $"unnest(t.{column.Quoted})" : $"t.{column.Quoted}";
        var held = withHeld
            ? $"""
               union all select h.target_id, h.bubble_id from bubblesync.held_link h
               where h.target_schema = {Identifier.Literal(plan.Schema)} and h.entity = {Identifier.Literal(plan.Name)}
                 and h.column_name = {Identifier.Literal(column.Name)}
               """
            : "";
        return $"""
            select n.id::text, count(*), array_agg(n.source order by n.place) filter (where n.place <= {MostNamed})
            from (
              select d.id, d.source, row_number() over (partition by d.id order by d.source) as place
              from (
                select distinct l.id, l.source::text collate "C" as source
                from (select {id} as id, t.{plan.Key.Quoted} as source from {plan.Table} t where t.{column.Quoted} is not null {held}) l
                where {string.Join(" and ", column.Relations.Select(r => $"not exists (select from {r.Table} r where r.{r.Key} = l.id)"))}) d) n
            group by n.id
            having n.id::text collate "C" ~ '{BubbleId.Pattern}'
            order by n.id::text collate "C"
            """;
    }
}
