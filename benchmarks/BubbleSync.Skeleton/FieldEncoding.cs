using System.Buffers.Text;
using System.Text.Json;

namespace BubbleSync.Skeleton;

/// <summary>Writes one value in binary form; false where it stands for no value.</summary>
internal delegate bool FieldEncoder(ref Utf8JsonReader value, ReadOnlySpan<byte> raw, CopyRows rows);

/// <summary>An encoder for each type of the entity maps. What is not of its type throws: a skeleton rejects nothing.</summary>
internal static class FieldEncoding
{
    private const int TextType = 25;
    private static readonly long Epoch = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    public static FieldEncoder For(string type) => type switch
    {
        "text" => Text,
        "integer" => Integer,
        "numeric" => Numeric,
        "boolean" => Boolean,
        "timestamptz" => Moment,
        "url" => Address,
        "text[]" => (ref Utf8JsonReader value, ReadOnlySpan<byte> _, CopyRows rows) => List(ref value, rows, Text),
        "url[]" => (ref Utf8JsonReader value, ReadOnlySpan<byte> _, CopyRows rows) => List(ref value, rows, Address),
        _ => throw new NotSupportedException(type),
    };

    private static bool Text(ref Utf8JsonReader value, ReadOnlySpan<byte> raw, CopyRows rows)
    {
        if (value.TokenType != JsonTokenType.String)
            rows.Bytes(raw);
        else if (!value.ValueIsEscaped)
            rows.Bytes(value.ValueSpan);
        else
            rows.Cut(value.ValueSpan.Length - value.CopyString(rows.Take(value.ValueSpan.Length)));
        return true;
    }

    private static bool Integer(ref Utf8JsonReader value, ReadOnlySpan<byte> raw, CopyRows rows)
    {
        rows.Int32(value.GetInt32());
        return true;
    }

    private static bool Boolean(ref Utf8JsonReader value, ReadOnlySpan<byte> raw, CopyRows rows)
    {
        rows.Byte(value.GetBoolean() ? (byte)1 : (byte)0);
        return true;
    }

    private static bool Moment(ref Utf8JsonReader value, ReadOnlySpan<byte> raw, CopyRows rows)
    {
        rows.Int64((value.GetDateTimeOffset().UtcTicks - Epoch) / TimeSpan.TicksPerMicrosecond);
        return true;
    }

    // A leading // gets its https:, a bare // is no address.
    private static bool Address(ref Utf8JsonReader value, ReadOnlySpan<byte> raw, CopyRows rows)
    {
        if (value.ValueSpan.SequenceEqual("//"u8))
            return false;

        if (value.ValueSpan.StartsWith("//"u8))
            rows.Bytes("https:"u8);
        return Text(ref value, raw, rows);
    }

    private static bool List(ref Utf8JsonReader value, CopyRows rows, FieldEncoder item)
    {
        rows.Int32(1);
        rows.Int32(0);
        rows.Int32(TextType);
        var at = rows.Length;
        rows.Int32(0);
        rows.Int32(1);

        var count = 0;
        while (value.Read() && value.TokenType != JsonTokenType.EndArray)
        {
            var begin = rows.Begin();
            if (item(ref value, value.ValueSpan, rows))
            {
                rows.End(begin);
                count++;
            }
            else
            {
                rows.Cut(rows.Length - begin + 4);
            }
        }

        rows.Fix(at, count);
        if (count > 0)
            return true;

        // An empty array has no dimensions.
        rows.Cut(8);
        rows.Fix(at - 12, 0);
        return true;
    }

    // numeric_recv: groups of four decimal digits, counted from the point.
    private static bool Numeric(ref Utf8JsonReader value, ReadOnlySpan<byte> raw, CopyRows rows)
    {
        var text = value.ValueSpan;
        var point = text.IndexOf((byte)'.');
        var scale = point < 0 ? 0 : text.Length - point - 1;
        if (!Utf8Parser.TryParse(text, out decimal number, out var read) || read != text.Length)
            throw new FormatException("This is no number.");

        var rest = (Int128)(Math.Abs(number) * Power(scale)) * Fill(scale);
        Span<short> groups = stackalloc short[16];
        var count = 0;
        for (; rest > 0; rest /= 10_000)
            groups[count++] = (short)(rest % 10_000);

        var lowest = 0;
        while (lowest < count && groups[lowest] == 0)
            lowest++;
        rows.Int16((short)(count - lowest));
        rows.Int16((short)(count == 0 ? 0 : count - 1 - ((scale + 3) / 4)));
        rows.Int16(number < 0 ? (short)0x4000 : (short)0);
        rows.Int16((short)scale);
        for (var group = count - 1; group >= lowest; group--)
            rows.Int16(groups[group]);
        return true;
    }

    private static decimal Power(int digits)
    {
        var power = 1m;
        for (var i = 0; i < digits; i++)
            power *= 10;
        return power;
    }

    private static int Fill(int scale) => (scale % 4) switch { 1 => 1000, 2 => 100, 3 => 10, _ => 1 };
}
