using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Merge.Links;

/// <summary>Conditions on a column's real foreign keys, as text.</summary>
internal static class ForeignKeySql
{
    /// <summary>All targets that the column's foreign keys require for the value <paramref name="id"/>, as it is written, exist.</summary>
    public static string HasTargets(ColumnPlan column, string id) => $"({string.Join(" and ", column.ForeignKeys.Select(key =>
        $"exists (select from {Identifier.Quote(key.Schema, key.Table)} r where r.{Identifier.Quote(key.Column)} = {id})"))})";
}
