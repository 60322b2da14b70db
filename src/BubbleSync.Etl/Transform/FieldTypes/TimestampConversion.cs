using System.Runtime.InteropServices;
using System.Text.Json;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;

namespace BubbleSync.Etl.Transform.FieldTypes;

/// <summary>Hot: moments, from ISO 8601 with a zone or from milliseconds since 1970.</summary>
internal static class TimestampConversion
{
    // PostgreSQL counts microseconds from 2000-01-01 UTC (src/include/datatype/timestamp.h).
    private const long PostgresEpoch = 946_684_800_000_000;

    private const long Second = 1_000_000;
    private const long Day = 86_400 * Second;

    /// <summary>A moment, exact to the microsecond; finer fractions are cut.</summary>
    public static string? Timestamp(JsonElement value, ColumnPlan _, RowWriter row)
    {
        if (!TryMoment(value, row, out var microseconds))
            return NoMoment(value);

        Write(microseconds, row);
        return null;
    }

    /// <summary>A moment for a column that holds fewer digits of a second: only where it needs no more.</summary>
    public static string? Coarse(JsonElement value, ColumnPlan column, RowWriter row)
    {
        if (!TryMoment(value, row, out var microseconds))
            return NoMoment(value);
        if (Remainder(microseconds, Unit(column)) != 0)
            return $"the moment's fraction of a second does not fit {column.Target.FullType}";

        Write(microseconds, row);
        return null;
    }

    /// <summary>
    /// A moment for a clock whose column holds fewer digits of a second, cut to them: a clock is only compared, and as exactly as the column allows.
    /// </summary>
    public static string? Clock(JsonElement value, ColumnPlan column, RowWriter row)
    {
        if (!TryMoment(value, row, out var microseconds))
            return NoMoment(value);

        Write(microseconds - Remainder(microseconds, Unit(column)), row);
        return null;
    }

    /// <summary>A day: a moment that is midnight in UTC.</summary>
    public static string? Date(JsonElement value, ColumnPlan column, RowWriter row)
    {
        if (!TryMoment(value, row, out var microseconds))
            return NoMoment(value);
        if (Remainder(microseconds, Day) != 0)
            return $"the moment is not midnight UTC, which {column.Target.FullType} needs";

        Write(microseconds, row);
        return null;
    }

    private static void Write(long microseconds, RowWriter row) => row.Rows.WriteInt64Field(microseconds - PostgresEpoch);

    private static string NoMoment(JsonElement value) => $"{TextConversion.Kind(value)} is not a moment with a time zone in the years 1 to 9999";

    // The part since the last full unit, also before 1970.
    private static long Remainder(long microseconds, long unit) => ((microseconds % unit) + unit) % unit;

    private static long Unit(ColumnPlan column)
    {
        var unit = Second;
        for (var digit = 0; digit < column.SecondDigits; digit++)
            unit /= 10;
        return unit;
    }

    private static bool TryMoment(JsonElement value, RowWriter row, out long microseconds)
    {
        microseconds = 0;
        return value.ValueKind switch
        {
            JsonValueKind.String => TimestampText.TryParse(JsonText.Decode(value, row.Scratch).Trim(" \t\r\n"u8), out microseconds),
            JsonValueKind.Number => DecimalLiteral.TryParse(JsonMarshal.GetRawUtf8Value(value), out var milliseconds)
                && milliseconds.TryScaled(3, out microseconds) && TimestampText.IsInRange(microseconds),
            _ => false,
        };
    }
}
