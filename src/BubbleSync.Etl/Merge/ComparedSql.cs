using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Merge;

/// <summary>SQL expressions by which staging and table are compared: the same for a merge and for a verification.</summary>
internal static class ComparedSql
{
    /// <summary>A column's value in the staged row <paramref name="s"/>.</summary>
    public static string Staged(string s, ColumnPlan column) => column.Storage.Compared($"{s}.{column.Quoted}");

    /// <summary>A column's value in the table's row <paramref name="t"/>.</summary>
    public static string Stored(string t, ColumnPlan column)
    {
        var value = column.Storage.Compared(column.Storage.Stored($"{t}.{column.Quoted}"));
        return column.NeverKept.Count > 0 ? WithoutFields(value, column.NeverKept) : value;
    }

    /// <summary>A column's value in the staged row <paramref name="s"/> as it is shown.</summary>
    public static string StagedText(string s, ColumnPlan column) => Text($"{s}.{column.Quoted}", column);

    /// <summary>A column's value in the table's row <paramref name="t"/> as it is shown.</summary>
    public static string StoredText(string t, ColumnPlan column) => Text(column.Storage.Stored($"{t}.{column.Quoted}"), column);

    /// <summary>A moment as it is shown, in ISO 8601.</summary>
    public static string MomentText(string moment) => $"to_char({moment} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

    // A field that a line reads by now, or that the map ignores by now, may still be in an object that was written before. It is no difference.
    private static string WithoutFields(string value, IReadOnlyList<string> names) =>
        $"case when jsonb_typeof({value}) = 'object' then nullif({value} - array[{string.Join(", ", names.Select(Identifier.Literal))}]::text[], '{{}}') "
        + $"else {value} end";

    // Moments in ISO 8601, lists as JSON.
    private static string Text(string value, ColumnPlan column) => column.Type.Shape switch
    {
        FieldShape.Timestamp => MomentText(value),
        FieldShape.TextArray => $"to_json({value}::text[])::text",
        FieldShape.Json => $"{value}::jsonb::text",
        _ => $"{value}::text",
    };
}
