using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Merge.Links;

/// <summary>SQL text for links whose target is in none of their tables.</summary>
internal static class LinkSql
{
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
            select l.id::text, count(distinct l.source), (array_agg(distinct l.source::text collate "C"))[1:100]
            from (select {id} as id, t.{plan.Key.Quoted} as source from {plan.Table} t where t.{column.Quoted} is not null {held}) l
            where {string.Join(" and ", column.Relations.Select(r => $"not exists (select from {r.Table} r where r.{r.Key} = l.id)"))}
            group by l.id
            having l.id::text collate "C" ~ '{BubbleId.Pattern}'
            order by l.id::text collate "C"
            """;
    }
}
