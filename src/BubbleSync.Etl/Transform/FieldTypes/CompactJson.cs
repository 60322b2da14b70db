using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using BubbleSync.Etl.Messages;

namespace BubbleSync.Etl.Transform.FieldTypes;

/// <summary>Writes JSON without white space, numbers digit for digit, texts with no more escapes than JSON demands.</summary>
internal static class CompactJson
{
    /// <summary>Appends a value; says what had to be changed in its texts.</summary>
    public static TextNotes Append(JsonElement value, CopyBuffer field) => value.ValueKind switch
    {
        JsonValueKind.Object => AppendObject(value, field),
        JsonValueKind.Array => AppendArray(value, field),
        JsonValueKind.String => AppendText(JsonText.Raw(value), field),
        _ => AppendRaw(value, field),
    };

    /// <summary>Appends a name, a colon and its value.</summary>
    public static TextNotes Append(JsonProperty property, CopyBuffer field)
    {
        var notes = AppendText(JsonMarshal.GetRawUtf8PropertyName(property), field);
        field.WriteBytes(":"u8);
        return notes | Append(property.Value, field);
    }

    /// <summary>Whether every number in a value is one that PostgreSQL's jsonb, which keeps numerics, can hold.</summary>
    public static bool HoldsOnlyNumerics(JsonElement value)
    {
        // Loops, because All would make an object of each enumerator.
        switch (value.ValueKind)
        {
            case JsonValueKind.Number:
                return DecimalLiteral.TryParse(JsonMarshal.GetRawUtf8Value(value), out var number) && number.FitsNumeric;
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                {
                    if (!HoldsOnlyNumerics(property.Value))
                        return false;
                }

                return true;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    if (!HoldsOnlyNumerics(item))
                        return false;
                }

                return true;
            default:
                return true;
        }
    }

    private static TextNotes AppendObject(JsonElement value, CopyBuffer field)
    {
        var notes = TextNotes.None;
        var separator = (byte)'{';
        foreach (var property in value.EnumerateObject())
        {
            field.WriteBytes([separator]);
            notes |= Append(property, field);
            separator = (byte)',';
        }

        field.WriteBytes(separator == '{' ? "{}"u8 : "}"u8);
        return notes;
    }

    private static TextNotes AppendArray(JsonElement value, CopyBuffer field)
    {
        var notes = TextNotes.None;
        var separator = (byte)'[';
        foreach (var item in value.EnumerateArray())
        {
            field.WriteBytes([separator]);
            notes |= Append(item, field);
            separator = (byte)',';
        }

        field.WriteBytes(separator == '[' ? "[]"u8 : "]"u8);
        return notes;
    }

    private static TextNotes AppendRaw(JsonElement value, CopyBuffer field)
    {
        field.WriteBytes(JsonMarshal.GetRawUtf8Value(value));
        return TextNotes.None;
    }

    private static TextNotes AppendText(ReadOnlySpan<byte> raw, CopyBuffer field)
    {
        field.WriteBytes("\""u8);
        // Nearly all texts: valid JSON escapes quotes and control characters, so nothing has to change.
        if (!raw.Contains((byte)'\\') && Utf8.IsValid(raw))
        {
            field.WriteBytes(raw);
            field.WriteBytes("\""u8);
            return TextNotes.None;
        }

        using var text = new CopyBuffer(raw.Length);
        var notes = JsonText.Append(raw, text);
        foreach (var letter in text.Written.Span)
            AppendLetter(letter, field);
        field.WriteBytes("\""u8);
        return notes;
    }

    private static void AppendLetter(byte letter, CopyBuffer field)
    {
        switch (letter)
        {
            case (byte)'"' or (byte)'\\':
                field.WriteBytes([(byte)'\\', letter]);
                break;
            case >= (byte)' ':
                field.WriteBytes([letter]);
                break;
            default:
                field.WriteBytes(letter switch
                {
                    (byte)'\b' => "\\b"u8,
                    (byte)'\f' => "\\f"u8,
                    (byte)'\n' => "\\n"u8,
                    (byte)'\r' => "\\r"u8,
                    (byte)'\t' => "\\t"u8,
                    _ => [.. "\\u00"u8, Hex(letter >> 4), Hex(letter & 15)],
                });
                break;
        }
    }

    private static byte Hex(int digit) => (byte)"0123456789abcdef"[digit];
}
