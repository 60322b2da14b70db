using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Transform.FieldTypes;

namespace BubbleSync.Etl.Transform;

/// <summary>
/// The masked form of a value. A record that is kept because it was rejected has, in place of the value, an object with its masked forms, so that it can be
/// mapped once more without a mask of a mask.
/// </summary>
internal static class MaskedValue
{
    /// <summary>The reason why a record that was kept cannot be mapped again.</summary>
    public const string Lost = "it was kept under another mask, and the value itself is nowhere; a resync reads it again";

    private const string Marker = "$masked";

    /// <summary>Returns what a column converts in place of a value; undefined where the kept record has no form for this column.</summary>
    /// <param name="value">The value, or its masked forms; neither null nor undefined.</param>
    /// <param name="column">The column, which has a mask.</param>
    public static JsonElement Of(JsonElement value, ColumnPlan column)
    {
        if (IsMarker(value, out var forms))
            return forms.ValueKind == JsonValueKind.Object && forms.TryGetProperty(column.MaskForm, out var form) ? form : default;

        using var json = new CopyBuffer(256);
        Append(value, column, json);
        return JsonElement.Parse(json.Written.Span);
    }

    /// <summary>Whether a value is kept in masked forms.</summary>
    public static bool IsKept(JsonElement value) => IsMarker(value, out _);

    /// <summary>Whether a value says something: it is neither null nor blank, and not masked already.</summary>
    public static bool IsOpen(JsonElement value) =>
        value.ValueKind != JsonValueKind.Null && !(value.ValueKind == JsonValueKind.String && JsonText.IsBlank(JsonText.Raw(value))) && !IsMarker(value, out _);

    /// <summary>Writes, in place of a value, its masked forms for these columns.</summary>
    public static void AppendForms(JsonElement value, IReadOnlyList<ColumnPlan> columns, CopyBuffer json)
    {
        json.WriteBytes("{\"$masked\":{"u8);
        var isFirst = true;
        foreach (var column in columns.Where(c => c.Mask!.Kind != MaskKind.Drop).DistinctBy(c => c.MaskForm))
        {
            json.WriteBytes(isFirst ? "\""u8 : ",\""u8);
            json.WriteBytes(Encoding.UTF8.GetBytes(column.MaskForm));
            json.WriteBytes("\":"u8);
            Append(value, column, json);
            isFirst = false;
        }

        json.WriteBytes("}}"u8);
    }

    private static bool IsMarker(JsonElement value, out JsonElement forms)
    {
        forms = default;
        if (value.ValueKind != JsonValueKind.Object || value.GetPropertyCount() != 1)
            return false;

        foreach (var property in value.EnumerateObject())
            forms = property.NameEquals(Marker) ? property.Value : default;
        return forms.ValueKind != JsonValueKind.Undefined;
    }

    private static void Append(JsonElement value, ColumnPlan column, CopyBuffer json)
    {
        if (column.Type.Shape != FieldShape.TextArray)
            AppendText(Text(value), column, json);
        else if (value.ValueKind == JsonValueKind.Array)
            AppendList([.. value.EnumerateArray().Where(IsOpen).Select(Text)], column, json);
        else if (value.ValueKind == JsonValueKind.String)
            AppendList(Text(value).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), column, json);
        else
            // It is no list and does not convert; the reason needs no more than its kind.
            json.WriteBytes(value.ValueKind == JsonValueKind.Object ? "{}"u8 : value.ValueKind == JsonValueKind.Number ? "0"u8 : "true"u8);
    }

    private static void AppendList(string[] items, ColumnPlan column, CopyBuffer json)
    {
        json.WriteBytes("["u8);
        for (var i = 0; i < items.Length; i++)
        {
            if (i > 0)
                json.WriteBytes(","u8);
            AppendText(items[i], column, json);
        }

        json.WriteBytes("]"u8);
    }

    private static void AppendText(string text, ColumnPlan column, CopyBuffer json)
    {
        // A blank text is a value of its own, and says nothing.
        var masked = string.IsNullOrWhiteSpace(text) ? text : column.Mask!.Of(text);
        json.WriteBytes("\""u8);
        json.WriteBytes(JsonEncodedText.Encode(masked ?? "", JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        json.WriteBytes("\""u8);
    }

    // As a column of text has it.
    private static string Text(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
            return JsonText.Lossy(JsonText.Raw(value));

        using var text = new CopyBuffer(64);
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            CompactJson.Append(value, text);
        else
            text.WriteBytes(JsonMarshal.GetRawUtf8Value(value));
        return Encoding.UTF8.GetString(text.Written.Span);
    }
}
