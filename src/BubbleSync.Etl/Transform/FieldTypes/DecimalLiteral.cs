using System.Buffers.Text;
using System.Numerics;
using BubbleSync.Etl.Messages;

namespace BubbleSync.Etl.Transform.FieldTypes;

/// <summary>
/// Hot: a JSON number digit for digit, never by way of a binary float. Its value is the digits of Whole and Fraction together, times 10^(Exponent -
/// Fraction.Length).
/// </summary>
internal readonly ref struct DecimalLiteral
{
    // PostgreSQL: up to 131072 digits before the point, up to 16383 after it (postgresql.org, "Numeric Types").
    private const int MostWholeDigits = 131_072;
    private const int MostScale = 16_383;

    private readonly ReadOnlySpan<byte> _whole;
    private readonly ReadOnlySpan<byte> _fraction;
    private readonly int _exponent;
    private readonly int _first;
    private readonly int _last;

    private DecimalLiteral(ReadOnlySpan<byte> text, bool isNegative, ReadOnlySpan<byte> whole, ReadOnlySpan<byte> fraction, int exponent)
    {
        Text = text;
        IsNegative = isNegative;
        _whole = whole;
        _fraction = fraction;
        _exponent = exponent;
        _last = whole.Length + fraction.Length - 1;
        while (_last >= 0 && Digit(_last) == 0)
            _last--;
        while (_first < _last && Digit(_first) == 0)
            _first++;
    }

    /// <summary>The number as it is written.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>Whether there is a minus sign.</summary>
    public bool IsNegative { get; }

    /// <summary>Whether every digit is 0.</summary>
    public bool IsZero => _last < 0;

    /// <summary>Digits before the point; 0 or less for numbers below 1.</summary>
    public int WholeDigits => IsZero ? 0 : _whole.Length + _exponent - _first;

    /// <summary>Digits after the point that are not trailing zeros; negative where the whole part ends in zeros.</summary>
    public int NeededScale => IsZero ? 0 : _last + 1 - _whole.Length - _exponent;

    /// <summary>Digits after the point as they are written.</summary>
    public int Scale => Math.Max(0, _fraction.Length - _exponent);

    /// <summary>Whether an unconstrained numeric column can hold it.</summary>
    public bool FitsNumeric => WholeDigits <= MostWholeDigits && Scale <= MostScale;

    /// <summary>Reads a number as JSON writes it; false where it is none.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out DecimalLiteral number)
    {
        number = default;
        var isNegative = text.Length > 0 && text[0] == '-';
        var rest = isNegative ? text[1..] : text;
        var whole = Digits(ref rest);
        if (whole.Length == 0 || (whole.Length > 1 && whole[0] == '0'))
            return false;

        var fraction = ReadOnlySpan<byte>.Empty;
        if (rest.Length > 0 && rest[0] == '.')
        {
            rest = rest[1..];
            fraction = Digits(ref rest);
            if (fraction.Length == 0)
                return false;
        }

        var exponent = 0;
        if (rest.Length > 0 && ((rest[0] | 0x20) != 'e' || !TryExponent(rest[1..], out exponent)))
            return false;

        number = new DecimalLiteral(text, isNegative, whole, fraction, exponent);
        return true;
    }

    /// <summary>The value as a 64-bit number; false where it is not whole or too large.</summary>
    public bool TryInt64(out long value)
    {
        value = 0;
        return NeededScale <= 0 && TryScaled(0, out value);
    }

    /// <summary>The value times 10^<paramref name="power"/>, digits below 1 cut; false where it is too large.</summary>
    public bool TryScaled(int power, out long value)
    {
        value = 0;
        if (WholeDigits + power > 19)
            return false;

        Int128 sum = 0;
        for (var place = WholeDigits - 1; place >= -power; place--)
            sum = (sum * 10) + DigitAt(place);
        sum = IsNegative ? -sum : sum;
        value = unchecked((long)sum);
        return sum >= long.MinValue && sum <= long.MaxValue;
    }

    /// <summary>Whether both are the same number, however each is written.</summary>
    public bool HasValueOf(in DecimalLiteral other)
    {
        if (IsZero || other.IsZero)
            return IsZero && other.IsZero;
        if (IsNegative != other.IsNegative || WholeDigits != other.WholeDigits || NeededScale != other.NeededScale)
            return false;

        for (var place = WholeDigits - 1; place >= -NeededScale; place--)
        {
            if (DigitAt(place) != other.DigitAt(place))
                return false;
        }

        return true;
    }

    /// <summary>The value of a whole number.</summary>
    public BigInteger ToBigInteger()
    {
        var sum = BigInteger.Zero;
        for (var place = WholeDigits - 1; place >= 0; place--)
            sum = (sum * 10) + DigitAt(place);
        return IsNegative ? -sum : sum;
    }

    /// <summary>Appends the value in numeric's binary form (numeric_recv in src/backend/utils/adt/numeric.c): groups of four digits.</summary>
    /// <param name="field">The field.</param>
    /// <param name="scale">Digits after the point to show.</param>
    public void AppendNumeric(CopyBuffer field, int scale)
    {
        // Groups are counted from the point: group g holds the digits worth 10^(4g) to 10^(4g+3).
        var highest = IsZero ? 0 : Group(WholeDigits - 1);
        var lowest = IsZero ? 1 : Group(-NeededScale);
        field.WriteInt16((short)(highest - lowest + 1));
        field.WriteInt16((short)highest);
        field.WriteInt16(IsNegative && !IsZero ? (short)0x4000 : (short)0);
        field.WriteInt16((short)scale);
        for (var group = highest; group >= lowest; group--)
        {
            var value = 0;
            for (var power = (group * 4) + 3; power >= group * 4; power--)
                value = (value * 10) + DigitAt(power);
            field.WriteInt16((short)value);
        }
    }

    private static int Group(int power) => power >= 0 ? power / 4 : -((3 - power) / 4);

    private int DigitAt(int power)
    {
        var index = _whole.Length + _exponent - 1 - power;
        return index >= _first && index <= _last ? Digit(index) : 0;
    }

    private int Digit(int index) => (index < _whole.Length ? _whole[index] : _fraction[index - _whole.Length]) - '0';

    private static ReadOnlySpan<byte> Digits(scoped ref ReadOnlySpan<byte> text)
    {
        var end = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        var digits = end < 0 ? text : text[..end];
        text = text[digits.Length..];
        return digits;
    }

    // An exponent of many digits is treated as a million: both are far outside of every column.
    private static bool TryExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        exponent = 0;
        var isNegative = text.Length > 0 && text[0] == '-';
        if (text.Length > 0 && text[0] is (byte)'-' or (byte)'+')
            text = text[1..];
        var digits = Digits(ref text);
        if (digits.Length == 0 || text.Length > 0)
            return false;

        if (digits.TrimStart((byte)'0').Length > 6 || !Utf8Parser.TryParse(digits, out exponent, out _))
            exponent = 1_000_000;
        exponent = isNegative ? -exponent : exponent;
        return true;
    }
}
