using System.Globalization;
using System.Numerics;
using BubbleSync.Etl.Messages;

namespace BubbleSync.Etl.Transform.FieldTypes;

/// <summary>Decimal numbers for columns of binary floats: only those that the column gives back with the same value.</summary>
internal static class FloatConversion
{
    // Whole numbers with more digits may lie exactly between two floats.
    private const int SurelyExactDigits = 7;

    /// <summary>Writes a number to a column of 8 bytes; false where it would come back as another one.</summary>
    public static bool TryDouble(in DecimalLiteral number, CopyBuffer rows)
    {
        if (!double.TryParse(number.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !Survives(number, value))
            return false;

        rows.WriteInt64Field(BitConverter.DoubleToInt64Bits(number.IsZero ? 0 : value));
        return true;
    }

    /// <summary>Writes a number to a column of 4 bytes; false where it would come back as another one.</summary>
    public static bool TryReal(in DecimalLiteral number, CopyBuffer rows)
    {
        if (!float.TryParse(number.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !Survives(number, value))
            return false;

        rows.WriteInt32(sizeof(float));
        rows.WriteInt32(BitConverter.SingleToInt32Bits(number.IsZero ? 0 : value));
        return true;
    }

    // PostgreSQL shows the shortest decimal that lies inside of the float's interval (src/common/d2s.c); .NET takes one on its border too.
    private static bool Survives<T>(in DecimalLiteral number, T value)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        if (!T.IsFinite(value))
            return false;

        Span<byte> shortest = stackalloc byte[32];
        return value.TryFormat(shortest, out var length, "R", CultureInfo.InvariantCulture)
            && DecimalLiteral.TryParse(shortest[..length], out var shown) && shown.HasValueOf(number)
            && !(number.NeededScale <= 0 && number.WholeDigits > SurelyExactDigits && IsHalfway(number, value));
    }

    private static bool IsHalfway<T>(in DecimalLiteral number, T value)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        var exact = new BigInteger(double.CreateChecked(value));
        var literal = number.ToBigInteger();
        if (literal == exact)
            return false;

        var next = literal > exact ? T.BitIncrement(value) : T.BitDecrement(value);
        return !T.IsFinite(next) || (literal - exact) * 2 == new BigInteger(double.CreateChecked(next)) - exact;
    }
}
