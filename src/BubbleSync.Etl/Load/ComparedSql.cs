using BubbleSync.Etl.Plan;

namespace BubbleSync.Etl.Load;

/// <summary>Values as staging and table are compared, as text: the same for what is merged and for what is only verified.</summary>
internal static class ComparedSql
{
    /// <summary>
    /// A column's value on one side. Texts are compared byte by byte, whether or not the column's collation or type treats them as equal. Blanks at the end of
    /// <c>char(n)</c> do not count: the column adds or removes them.
    /// </summary>
    public static string Value(string side, ColumnPlan column) => column.Type.Shape switch
    {
        FieldShape.Text when column.Target.Type == "character" => $"{side}.{column.Quoted}::bpchar::text collate \"C\"",
        FieldShape.Text => $"{side}.{column.Quoted}::text collate \"C\"",
        FieldShape.TextArray => $"{side}.{column.Quoted}::text[] collate \"C\"",
        FieldShape.Json => $"{side}.{column.Quoted}::jsonb",
        _ => $"{side}.{column.Quoted}",
    };

    /// <summary>A column's value on one side as it is shown: moments in ISO 8601, lists as JSON.</summary>
    public static string Text(string side, ColumnPlan column) => column.Type.Shape switch
    {
        FieldShape.Timestamp => MomentText($"{side}.{column.Quoted}"),
        FieldShape.TextArray => $"to_json({side}.{column.Quoted}::text[])::text",
        FieldShape.Json => $"{side}.{column.Quoted}::jsonb::text",
        _ => $"{side}.{column.Quoted}::text",
    };

    /// <summary>A moment as it is shown, in ISO 8601.</summary>
    public static string MomentText(string moment) => $"to_char({moment} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
}
