using BubbleSync.Etl.Mapping.Columns;

namespace BubbleSync.Etl.Merge;

/// <summary>Which rows and columns a backfill writes, as conditions: <c>t</c> is the table, <c>s</c> a staged record.</summary>
/// <param name="columns">The columns that it fills.</param>
/// <param name="spared">The names of those that it leaves as they are in a row that was edited here.</param>
/// <param name="outdated">The columns, also of those that it does not fill, in which rows may hold values of another line.</param>
/// <param name="isEdited">Whether a row was edited here.</param>
/// <param name="isSame">Whether a record has the Modified Date of its row.</param>
internal sealed class BackfillSql(
    IReadOnlyList<ColumnPlan> columns, IReadOnlyList<string> spared, IReadOnlyList<ColumnPlan> outdated, string isEdited, string isSame)
{
    /// <summary>Whether a row gets any value.</summary>
    public string IsUpdated => Any(columns.Select(IsFilled));

    /// <summary>Whether a row gets no value because it was edited here.</summary>
    public string IsConflict => spared.Count == 0 ? "false" : $"({isEdited} and {Any(columns.Select(IsFillable))} and not {IsUpdated})";

    /// <summary>Whether a column of a row gets a value.</summary>
    public string IsFilled(ColumnPlan column) => spared.Contains(column.Name) ? $"({IsFillable(column)} and not {isEdited})" : IsFillable(column);

    /// <summary>The columns that may hold values that stay.</summary>
    public IReadOnlyList<ColumnPlan> Holding => [.. columns.Concat(outdated).DistinctBy(c => c.Name)];

    /// <summary>
    /// Whether a column of a row holds what another line may have given, or a value that stays and is another than that of the same version of the record. A
    /// field that the record does not carry is no value. Of the column of unmapped fields: whether its object stays as it is because of such a value.
    /// </summary>
    /// <param name="column">The column.</param>
    /// <param name="isSent">Whether the record carries the field.</param>
    public string IsHeld(ColumnPlan column, string isSent)
    {
        if (column.HoldsUnmapped)
            return $"({isSame} and {Differs(column)} and {HoldsAny})";
        // Nothing shows which line gave what a patch completes.
        if (outdated.Contains(column))
            return column.IsCompleted ? "true" : $"(t.{column.Quoted} is not null and {Differs(column)})";
        return $"({HoldsAnother(column)} and {isSent}{(spared.Contains(column.Name) ? $" and not {isEdited}" : "")})";
    }

    // The object of unmapped fields, which only syncs write, may lack fields of which the map had another line before. It may also be the only place of a value
    // that a column does not take.
    private string IsFillable(ColumnPlan column)
    {
        var isEmpty = $"(t.{column.Quoted} is null and s.{column.Quoted} is not null)";
        return column.HoldsUnmapped ? $"({isEmpty} or ({isSame} and {Differs(column)} and not {HoldsAny}))" : isEmpty;
    }

    private string HoldsAny => Any(Holding.Where(c => !c.HoldsUnmapped).Select(HoldsAnother));

    private string HoldsAnother(ColumnPlan column) =>
        column.IsCompleted ? "false" : $"(t.{column.Quoted} is not null and {isSame} and {Differs(column)})";

    private static string Differs(ColumnPlan column) => $"{ComparedSql.Stored("t", column)} is distinct from {ComparedSql.Staged("s", column)}";

    private static string Any(IEnumerable<string> conditions) => $"({string.Join("\n  or ", conditions.DefaultIfEmpty("false"))})";
}
