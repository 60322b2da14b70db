using System.Runtime.InteropServices;
using System.Text.Json;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;

namespace BubbleSync.Etl.Transform;

/// <summary>Hot: moments, from ISO 8601 with a zone or from milliseconds since 1970.</summary>
internal static class TimestampConversion
{
    // PostgreSQL counts microseconds from 2000-01-01 UTC (src/include/datatype/timestamp.h).
    private const long PostgresEpoch = 946_684_800_000_000;

    /// <summary>A moment, exact to the microsecond; finer fractions are cut.</summary>
    public static string? Timestamp(JsonElement value, ColumnPlan _, RowWriter row)
    {
        if (!TryMoment(value, row, out var microseconds))
            return $"{TextConversion.Kind(value)} is not a moment with a time zone in the years 1 to 9999";

        row.Rows.WriteInt64Field(microseconds - PostgresEpoch);
        return null;
    }

    private static bool TryMoment(JsonElement value, RowWriter row, out long microseconds)
    {
        microseconds = 0;
        return value.ValueKind switch
        {
            JsonValueKind.String => Moment.TryParse(JsonText.Decode(value, row.Scratch).Trim(" \t\r\n"u8), out microseconds),
            JsonValueKind.Number => DecimalLiteral.TryParse(JsonMarshal.GetRawUtf8Value(value), out var milliseconds)
                && milliseconds.TryScaled(3, out microseconds) && Moment.IsInRange(microseconds),
            _ => false,
        };
    }
}
