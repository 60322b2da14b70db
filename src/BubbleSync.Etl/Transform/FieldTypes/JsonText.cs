using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using BubbleSync.Etl.Messages;

namespace BubbleSync.Etl.Transform.FieldTypes;

/// <summary>
/// Hot: the texts inside JSON, as UTF-8 that PostgreSQL takes. U+0000, which it refuses, is removed; what is no character
/// (a lone surrogate, a broken byte) becomes U+FFFD. Both are noted. Utf8JsonReader throws on lone surrogates, hence our own unescaping.
/// </summary>
internal static class JsonText
{
    private static ReadOnlySpan<byte> Replacement => "\uFFFD"u8;

    /// <summary>What stands between a string's quotes, as it came.</summary>
    public static ReadOnlySpan<byte> Raw(JsonElement text) => JsonMarshal.GetRawUtf8Value(text)[1..^1];

    /// <summary>Whether a string, as it came between its quotes, holds nothing but white space.</summary>
    public static bool IsBlank(ReadOnlySpan<byte> raw) =>
        raw.Length == 0 || ((raw[0] <= ' ' || raw[0] == '\\' || raw[0] >= 0x80) && string.IsNullOrWhiteSpace(Lossy(raw)));

    /// <summary>
    /// A string without its escapes; without any it is the record's own bytes, else it is written behind what <paramref name="scratch"/> holds.
    /// A string that would have to be changed stays as it was received: removing something must not turn it into a number, a word or a moment.
    /// </summary>
    public static ReadOnlySpan<byte> Decode(JsonElement text, CopyBuffer scratch)
    {
        var raw = Raw(text);
        if (!raw.Contains((byte)'\\') && Utf8.IsValid(raw))
            return raw;

        var start = scratch.Length;
        return Append(raw, scratch) == TextNotes.None ? scratch.Written.Span[start..] : raw;
    }

    /// <summary>Appends a string's characters to a field; says what had to be changed.</summary>
    public static TextNotes Append(ReadOnlySpan<byte> raw, CopyBuffer field)
    {
        if (!Utf8.IsValid(raw))
            return Append(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(raw)), field) | TextNotes.Replaced;

        var notes = TextNotes.None;
        while (raw.IndexOf((byte)'\\') is >= 0 and var escape)
        {
            field.WriteBytes(raw[..escape]);
            notes |= AppendEscape(ref raw, escape, field);
        }

        field.WriteBytes(raw);
        return notes;
    }

    /// <summary>What stands between a string's quotes, as text without escapes.</summary>
    public static string Lossy(ReadOnlySpan<byte> raw)
    {
        using var scratch = new CopyBuffer(raw.Length);
        Append(raw, scratch);
        return Encoding.UTF8.GetString(scratch.Written.Span);
    }

    private static TextNotes AppendEscape(ref ReadOnlySpan<byte> raw, int escape, CopyBuffer field)
    {
        var kind = raw[escape + 1];
        if (kind != 'u')
        {
            field.WriteBytes(
                [
                    kind switch { (byte)'b' =>
                        (byte)'\b', (byte)'f' => (byte)'\f', (byte)'n' => (byte)'\n', (byte)'r' => (byte)'\r', (byte)'t' => (byte)'\t', _ => kind },
                ]);
            raw = raw[(escape + 2)..];
            return TextNotes.None;
        }

        var unit = CodeUnit(raw[(escape + 2)..]);
        raw = raw[(escape + 6)..];
        if (unit == 0)
            return TextNotes.Removed;

        if (char.IsHighSurrogate(unit) && raw.Length >= 6 && raw[0] == '\\' && raw[1] == 'u' && char.IsLowSurrogate(CodeUnit(raw[2..])))
        {
            Write(new Rune(unit, CodeUnit(raw[2..])), field);
            raw = raw[6..];
            return TextNotes.None;
        }

        if (char.IsSurrogate(unit))
        {
            field.WriteBytes(Replacement);
            return TextNotes.Replaced;
        }

        Write(new Rune(unit), field);
        return TextNotes.None;
    }

    private static char CodeUnit(ReadOnlySpan<byte> digits) =>
        Utf8Parser.TryParse(digits[..4], out ushort unit, out _, 'x') ? (char)unit : '\uFFFD';

    private static void Write(Rune rune, CopyBuffer field) => field.Advance(rune.EncodeToUtf8(field.Room(4)));
}

/// <summary>What was changed in a value, or is unusual about it.</summary>
[Flags]
internal enum TextNotes
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>U+0000 was removed.</summary>
    Removed = 1,

    /// <summary>An invalid character was replaced by U+FFFD.</summary>
    Replaced = 2,

    /// <summary>A list has exactly 200 items: shared Bubble clusters may cut there (manual.bubble.io, dedicated instance options).</summary>
    MaybeCut = 4,
}
