using System.Runtime.InteropServices;
using System.Text.Json;
using BubbleSync.Etl.Mapping.Columns;

namespace BubbleSync.Etl.Transform.FieldTypes;

/// <summary>JSON for a jsonb column, staged as text.</summary>
internal static class JsonConversion
{
    private const string TooLarge = "holds a number that does not fit jsonb";

    /// <summary>JSON as it is. Numbers that a numeric cannot hold do not convert.</summary>
    public static string? Json(JsonElement value, ColumnPlan _, RowWriter row)
    {
        if (!CompactJson.HoldsOnlyNumerics(value))
            return $"it {TooLarge}";

        var place = row.Rows.StartField();
        row.Notes |= CompactJson.Append(value, row.Rows);
        row.Rows.EndField(place);
        return null;
    }

    /// <summary>One object of the record's unmapped fields, each as it is.</summary>
    public static string? Unmapped(JsonElement _, ColumnPlan __, RowWriter row)
    {
        var place = row.Rows.StartField();
        for (var index = 0; index < row.Unmapped.Count; index++)
        {
            var field = row.Unmapped[index].Field;
            if (!CompactJson.HoldsOnlyNumerics(field.Value))
                return $"'{JsonText.Lossy(JsonMarshal.GetRawUtf8PropertyName(field))}' {TooLarge}";

            row.Rows.WriteBytes(index == 0 ? "{"u8 : ","u8);
            row.Notes |= CompactJson.Append(field, row.Rows);
        }

        row.Rows.WriteBytes("}"u8);
        row.Rows.EndField(place);
        return null;
    }
}
