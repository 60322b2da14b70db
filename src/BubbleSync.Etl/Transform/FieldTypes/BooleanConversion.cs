using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Mapping.Columns;

namespace BubbleSync.Etl.Transform.FieldTypes;

/// <summary>True and false, and the words and numbers that mean them.</summary>
internal static class BooleanConversion
{
    private static readonly string[] Yes = ["true", "yes", "y", "1"];
    private static readonly string[] No = ["false", "no", "n", "0"];

    /// <summary>A boolean; <c>true yes y 1</c> or <c>false no n 0</c> as text in any case; the numbers 1 and 0.</summary>
    public static string? Boolean(JsonElement value, ColumnPlan _, RowWriter row)
    {
        if (Meaning(value, row) is not { } meaning)
            return $"{TextConversion.Kind(value)} is not a boolean";

        row.Rows.WriteBooleanField(meaning);
        return null;
    }

    private static bool? Meaning(JsonElement value, RowWriter row) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when DecimalLiteral.TryParse(JsonMarshal.GetRawUtf8Value(value), out var number)
            && number.TryInt64(out var whole) && whole is 0 or 1 => whole == 1,
        JsonValueKind.String => Word(Encoding.UTF8.GetString(JsonText.Decode(value, row.Scratch)).Trim()),
        _ => null,
    };

    private static bool? Word(string word) =>
        Yes.Contains(word, StringComparer.OrdinalIgnoreCase) ? true
        : No.Contains(word, StringComparer.OrdinalIgnoreCase) ? false
        : null;
}
