using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text.Json;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using static System.FormattableString;

namespace BubbleSync.Etl.Transform.FieldTypes;

/// <summary>Hot: texts and lists of texts; addresses among them.</summary>
internal static class TextConversion
{
    // The oid of text in pg_type.dat; an array says what it is made of.
    private const int TextOid = 25;
    private const int MaybeCutLength = 200;

    // 32 digits and 4 hyphens.
    private const int UuidLength = 36;

    /// <summary>A text as it is; a number or boolean as its JSON text; an object or array as compact JSON.</summary>
    public static string? Text(JsonElement value, ColumnPlan column, RowWriter row)
    {
        var place = row.Rows.StartField();
        row.Notes |= AppendText(value, column.Type.IsUrl, row);
        row.Rows.EndField(place);
        return TooLong(row.Rows.Written.Span[(place + sizeof(int))..], column);
    }

    /// <summary>A uuid in its usual form, in letters of any case.</summary>
    public static string? Uuid(JsonElement value, ColumnPlan column, RowWriter row)
    {
        var place = row.Rows.Length;
        Text(value, column, row);
        var text = row.Rows.Written.Span[(place + sizeof(int))..];
        if (text.Length != UuidLength || !Utf8Parser.TryParse(text, out Guid uuid, out var used) || used != text.Length)
            return $"{Kind(value)} is not a uuid";

        Span<byte> bytes = stackalloc byte[16];
        uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        row.Rows.Rewind(place);
        row.Rows.WriteField(bytes);
        return null;
    }

    /// <summary>A list's items as texts, without null and blank ones; a plain text is split at its commas.</summary>
    public static string? List(JsonElement value, ColumnPlan column, RowWriter row)
    {
        if (value.ValueKind is not (JsonValueKind.Array or JsonValueKind.String))
            return $"{Kind(value)} is not a list";

        var rows = row.Rows;
        var place = rows.StartField();
        var header = WriteHeader(rows);
        var count = value.ValueKind == JsonValueKind.Array ? Items(value, column, row, out var fault) : Split(value, column, row, out fault);
        if (count == 0)
        {
            // An empty array has no dimension at all.
            rows.Rewind(header);
            rows.WriteInt32(0);
            rows.WriteInt32(0);
            rows.WriteInt32(TextOid);
        }
        else
        {
            rows.PatchInt32(header + 12, count);
        }

        rows.EndField(place);
        return fault;
    }

    private static int WriteHeader(CopyBuffer rows)
    {
        var header = rows.Length;
        rows.WriteInt32(1);
        rows.WriteInt32(0);
        rows.WriteInt32(TextOid);
        rows.WriteInt32(0);
        rows.WriteInt32(1);
        return header;
    }

    private static int Items(JsonElement list, ColumnPlan column, RowWriter row, out string? fault)
    {
        fault = null;
        if (list.GetArrayLength() == MaybeCutLength)
            row.Notes |= TextNotes.MaybeCut;

        var count = 0;
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Null || (item.ValueKind == JsonValueKind.String && IsNothing(item, column.Type)))
                continue;

            var place = row.Rows.StartField();
            row.Notes |= AppendText(item, column.Type.IsUrl, row);
            row.Rows.EndField(place);
            fault ??= TooLong(row.Rows.Written.Span[(place + sizeof(int))..], column);
            count++;
        }

        return count;
    }

    private static int Split(JsonElement text, ColumnPlan column, RowWriter row, out string? fault)
    {
        fault = null;
        row.Notes |= JsonText.Append(JsonText.Raw(text), row.Scratch);
        var decoded = System.Text.Encoding.UTF8.GetString(row.Scratch.Written.Span);
        var count = 0;
        foreach (var item in decoded.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (column.Type.IsUrl && item == "//")
                continue;

            var place = row.Rows.StartField();
            row.Rows.WriteBytes(
                System.Text.Encoding.UTF8.GetBytes(column.Type.IsUrl && item.StartsWith("//", StringComparison.Ordinal) ? "https:" + item : item));
            row.Rows.EndField(place);
            fault ??= TooLong(row.Rows.Written.Span[(place + sizeof(int))..], column);
            count++;
        }

        return count;
    }

    /// <summary>Whether a text counts as absent: blank, unless blanks are kept; for an address a bare <c>//</c> too.</summary>
    public static bool IsNothing(JsonElement text, FieldType type)
    {
        var raw = JsonText.Raw(text);
        return JsonText.IsBlank(raw) || (type.IsUrl && IsBareSlashes(raw.Trim((byte)' ')));
    }

    // Slashes may come as \/ or \u002f; a real address is longer than both in any spelling, and is not decoded for this.
    private static bool IsBareSlashes(ReadOnlySpan<byte> raw) => raw.Length <= 24 && JsonText.Lossy(raw).AsSpan().Trim() is "//";

    private static TextNotes AppendText(JsonElement value, bool isUrl, RowWriter row)
    {
        var field = row.Rows;
        switch (value.ValueKind)
        {
            case JsonValueKind.String when isUrl:
                return AppendAddress(JsonText.Raw(value), row);
            case JsonValueKind.String:
                return JsonText.Append(JsonText.Raw(value), field);
            case JsonValueKind.Object or JsonValueKind.Array:
                return CompactJson.Append(value, field);
            default:
                field.WriteBytes(JsonMarshal.GetRawUtf8Value(value));
                return TextNotes.None;
        }
    }

    private static TextNotes AppendAddress(ReadOnlySpan<byte> raw, RowWriter row)
    {
        row.Scratch.Rewind(0);
        var notes = JsonText.Append(raw, row.Scratch);
        var address = row.Scratch.Written.Span;
        if (address.StartsWith("//"u8))
            row.Rows.WriteBytes("https:"u8);
        row.Rows.WriteBytes(address);
        return notes;
    }

    private static string? TooLong(ReadOnlySpan<byte> text, ColumnPlan column)
    {
        if (column.Target.Length is not { } most || text.Length <= most)
            return null;

        var characters = 0;
        foreach (var letter in text)
            characters += (letter & 0xC0) != 0x80 ? 1 : 0;
        return characters <= most ? null : Invariant($"a text of {characters} characters is too long for {column.Target.FullType}");
    }

    /// <summary>The kind of a value, for messages.</summary>
    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => $"a text of {JsonText.Raw(value).Length} bytes",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        _ => "null",
    };
}
