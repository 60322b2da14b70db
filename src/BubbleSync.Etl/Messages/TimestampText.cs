namespace BubbleSync.Etl.Messages;

/// <summary>Hot: a moment written in ISO 8601 with a zone, exact to the microsecond, without a DateTime parser's leniency.</summary>
internal static class TimestampText
{
    /// <summary>Microseconds from 0001-01-01 to 1970-01-01, both UTC.</summary>
    private const long UnixEpoch = 62_135_596_800_000_000;

    private const long Second = 1_000_000;
    private const long Day = 86_400 * Second;
    private const long End = 3_652_059 * Day;

    /// <summary>Reads a moment as microseconds since 1970-01-01 UTC; false where the text is none, has no zone, or lies outside the years 1 to 9999.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long unixMicroseconds)
    {
        unixMicroseconds = 0;
        if (!TryDate(ref text, out var days) || text.Length == 0 || (text[0] | 0x20) is not ('t' or ' '))
            return false;

        text = text[1..];
        if (!TryTime(ref text, out var time) || !TryZone(text, out var offset))
            return false;

        return FromYearOne((days * Day) + time - offset, out unixMicroseconds);
    }

    /// <summary>Checks that a moment lies in the years 1 to 9999.</summary>
    public static bool IsInRange(long unixMicroseconds) => unixMicroseconds is >= -UnixEpoch and < End - UnixEpoch;

    private static bool FromYearOne(long microseconds, out long unixMicroseconds)
    {
        unixMicroseconds = microseconds - UnixEpoch;
        return IsInRange(unixMicroseconds);
    }

    private static bool TryDate(ref ReadOnlySpan<byte> text, out long days)
    {
        days = 0;
        if (!TryDigits(ref text, 4, out var year) || !TrySign(ref text, '-')
            || !TryDigits(ref text, 2, out var month) || !TrySign(ref text, '-') || !TryDigits(ref text, 2, out var day)
            || year is 0 || month is 0 or > 12 || day is 0 || day > DateTime.DaysInMonth(year, month))
            return false;

        days = new DateOnly(year, month, day).DayNumber;
        return true;
    }

    private static bool TryTime(ref ReadOnlySpan<byte> text, out long time)
    {
        time = 0;
        if (!TryDigits(ref text, 2, out var hour) || !TrySign(ref text, ':') || !TryDigits(ref text, 2, out var minute) || hour > 23 || minute > 59)
            return false;

        time = ((hour * 3600L) + (minute * 60)) * Second;
        if (!TrySign(ref text, ':'))
            return true;

        if (!TryDigits(ref text, 2, out var second) || second > 59)
            return false;

        time += second * Second;
        return TryFraction(ref text, ref time);
    }

    // Bubble sends milliseconds; PostgreSQL keeps microseconds; what is finer is cut, never rounded into the next second.
    private static bool TryFraction(ref ReadOnlySpan<byte> text, ref long time)
    {
        if (!TrySign(ref text, '.') && !TrySign(ref text, ','))
            return true;

        var digits = 0;
        for (var unit = Second / 10; digits < text.Length && char.IsAsciiDigit((char)text[digits]); digits++, unit /= 10)
            time += (text[digits] - '0') * unit;
        text = text[digits..];
        return digits > 0;
    }

    private static bool TryZone(ReadOnlySpan<byte> text, out long offset)
    {
        offset = 0;
        if (text.Length == 1)
            return (text[0] | 0x20) == 'z';

        if (text.Length < 3 || text[0] is not ((byte)'+' or (byte)'-'))
            return false;

        var sign = text[0] == '-' ? -1 : 1;
        text = text[1..];
        var minute = 0;
        if (!TryDigits(ref text, 2, out var hour) || hour > 23)
            return false;

        if (text.Length > 0)
        {
            TrySign(ref text, ':');
            if (!TryDigits(ref text, 2, out minute) || minute > 59 || text.Length > 0)
                return false;
        }

        offset = sign * ((hour * 3600L) + (minute * 60)) * Second;
        return true;
    }

    private static bool TrySign(ref ReadOnlySpan<byte> text, char sign)
    {
        if (text.Length == 0 || text[0] != sign)
            return false;

        text = text[1..];
        return true;
    }

    private static bool TryDigits(ref ReadOnlySpan<byte> text, int count, out int number)
    {
        number = 0;
        if (text.Length < count)
            return false;

        foreach (var letter in text[..count])
        {
            if (!char.IsAsciiDigit((char)letter))
                return false;
            number = (number * 10) + (letter - '0');
        }

        text = text[count..];
        return true;
    }
}
