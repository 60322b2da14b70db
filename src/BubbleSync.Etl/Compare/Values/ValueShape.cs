using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Transform.FieldTypes;

namespace BubbleSync.Etl.Compare.Values;

/// <summary>The form of a value, without its content.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Length">The characters of a text, the items of a list; 0 for the others.</param>
internal readonly record struct ValueShape(ShapeKind Kind, int Length)
{
    /// <summary>Returns the shape of a value.</summary>
    public static ValueShape Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => OfText(value),
        JsonValueKind.Array => new ValueShape(ShapeKind.List, value.GetArrayLength()),
        JsonValueKind.Number => new ValueShape(ShapeKind.Number, 0),
        JsonValueKind.True or JsonValueKind.False => new ValueShape(ShapeKind.Boolean, 0),
        JsonValueKind.Object => new ValueShape(ShapeKind.Object, 0),
        _ => new ValueShape(ShapeKind.Null, 0),
    };

    /// <summary>As reports show it: <c>text(12)</c>, <c>list(3)</c>, <c>date</c>.</summary>
    public override string ToString()
    {
        var word = Kind.ToString().ToLowerInvariant();
        return Kind is ShapeKind.Text or ShapeKind.List ? $"{word}({Length})" : word;
    }

    private static ValueShape OfText(JsonElement value)
    {
        var raw = JsonText.Raw(value);
        var text = raw.Contains((byte)'\\') ? Encoding.UTF8.GetBytes(JsonText.Lossy(raw)) : raw;
        if (BubbleId.IsValid(text))
            return new ValueShape(ShapeKind.Id, 0);
        if (TimestampText.TryParse(text, out _))
            return new ValueShape(ShapeKind.Date, 0);
        // Bubble writes an empty address as a bare //.
        if (JsonText.IsBlank(raw) || text.Trim((byte)' ').SequenceEqual("//"u8))
            return new ValueShape(ShapeKind.Blank, 0);
        return IsAddress(text) ? new ValueShape(ShapeKind.Url, 0) : new ValueShape(ShapeKind.Text, Characters(text));
    }

    private static bool IsAddress(ReadOnlySpan<byte> text) =>
        (text.StartsWith("//"u8) || text.StartsWith("https://"u8) || text.StartsWith("http://"u8)) && !text.ContainsAny(" \t\r\n"u8);

    private static int Characters(ReadOnlySpan<byte> text)
    {
        var characters = 0;
        foreach (var letter in text)
            characters += (letter & 0xC0) != 0x80 ? 1 : 0;
        return characters;
    }
}

/// <summary>The kind of a value; if a field has too many kinds, the first of these are shown.</summary>
internal enum ShapeKind
{
    /// <summary>Any other text.</summary>
    Text,

    /// <summary>A web address, with <c>https:</c> or without.</summary>
    Url,

    /// <summary>A text of the form of Bubble's ids.</summary>
    Id,

    /// <summary>A moment in ISO 8601 with a zone.</summary>
    Date,

    /// <summary>A number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>An object.</summary>
    Object,

    /// <summary>A list.</summary>
    List,

    /// <summary>An empty text, only white space, or an empty address.</summary>
    Blank,

    /// <summary>A null.</summary>
    Null,
}
