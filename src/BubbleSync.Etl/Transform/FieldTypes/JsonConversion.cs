using System.Text.Json;
using BubbleSync.Etl.Mapping.Columns;

namespace BubbleSync.Etl.Transform.FieldTypes;

/// <summary>JSON for a jsonb column, staged as text.</summary>
internal static class JsonConversion
{
    /// <summary>JSON as it is. Numbers that a numeric cannot hold do not convert.</summary>
    public static string? Json(JsonElement value, ColumnPlan _, RowWriter row)
    {
        if (!CompactJson.HoldsOnlyNumerics(value))
            return "it holds a number that does not fit jsonb";

        var place = row.Rows.StartField();
        row.Notes |= CompactJson.Append(value, row.Rows);
        row.Rows.EndField(place);
        return null;
    }
}
