using BubbleSync.Etl.Mapping.Columns;

namespace BubbleSync.Etl.Merge;

/// <summary>Which rows and columns a backfill writes, as conditions: <c>t</c> is the table, <c>s</c> a staged record.</summary>
/// <param name="columns">The columns that it fills.</param>
/// <param name="spared">The names of those that it leaves as they are in a row that was edited here.</param>
/// <param name="isEdited">Whether a row was edited here.</param>
/// <param name="isSame">Whether a record has the Modified Date of its row.</param>
internal sealed class BackfillSql(IReadOnlyList<ColumnPlan> columns, IReadOnlyList<string> spared, string isEdited, string isSame)
{
    /// <summary>Whether a row gets any value.</summary>
    public string IsUpdated => Any(columns.Select(IsFilled));

    /// <summary>Whether a row gets no value because it was edited here.</summary>
    public string IsConflict => spared.Count == 0 ? "false" : $"({isEdited} and {Any(columns.Select(IsFillable))} and not {IsUpdated})";

    /// <summary>Whether a column of a row gets a value.</summary>
    public string IsFilled(ColumnPlan column) => spared.Contains(column.Name) ? $"({IsFillable(column)} and not {isEdited})" : IsFillable(column);

    // The object of unmapped fields, which only syncs write, may lack fields of which the map had another line before.
    private string IsFillable(ColumnPlan column)
    {
        var isEmpty = $"(t.{column.Quoted} is null and s.{column.Quoted} is not null)";
        return column.HoldsUnmapped
            ? $"({isEmpty} or ({isSame} and {ComparedSql.Stored("t", column)} is distinct from {ComparedSql.Staged("s", column)}))"
            : isEmpty;
    }

    private static string Any(IEnumerable<string> conditions) => $"({string.Join("\n  or ", conditions.DefaultIfEmpty("false"))})";
}
