using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres.Columns;

namespace BubbleSync.Etl.Transform.FieldTypes;

/// <summary>Hot: whole numbers and decimals, from JSON numbers or texts of them, exact or not at all.</summary>
internal static class NumberConversion
{
    /// <summary>A whole number, as wide as its column.</summary>
    public static string? Integer(JsonElement value, ColumnPlan column, RowWriter row)
    {
        if (!TryLiteral(value, row, out var number))
            return $"{TextConversion.Kind(value)} is not a number";
        if (number.NeededScale > 0)
            return "the number is not whole";
        if (column.StagingType is ColumnTypes.Numeric or ColumnTypes.Double or ColumnTypes.Real)
            return Write(number, 0, column, row);
        if (!number.TryInt64(out var whole))
            return $"the number does not fit {column.Target.FullType}";

        Span<byte> bytes = stackalloc byte[sizeof(long)];
        switch (column.StagingType)
        {
            case ColumnTypes.Smallint when whole is >= short.MinValue and <= short.MaxValue:
                BinaryPrimitives.WriteInt16BigEndian(bytes, (short)whole);
                row.Rows.WriteField(bytes[..sizeof(short)]);
                return null;
            case ColumnTypes.Integer when whole is >= int.MinValue and <= int.MaxValue:
                BinaryPrimitives.WriteInt32BigEndian(bytes, (int)whole);
                row.Rows.WriteField(bytes[..sizeof(int)]);
                return null;
            case ColumnTypes.Bigint:
                row.Rows.WriteInt64Field(whole);
                return null;
            default:
                return $"the number does not fit {column.Target.FullType}";
        }
    }

    /// <summary>A decimal number, digit for digit.</summary>
    public static string? Numeric(JsonElement value, ColumnPlan column, RowWriter row) =>
        TryLiteral(value, row, out var number) ? Write(number, number.Scale, column, row) : $"{TextConversion.Kind(value)} is not a number";

    private static string? Write(in DecimalLiteral number, int scale, ColumnPlan column, RowWriter row) => column.StagingType switch
    {
        ColumnTypes.Double => FloatConversion.TryDouble(number, row.Rows) ? null : NotKept(column),
        ColumnTypes.Real => FloatConversion.TryReal(number, row.Rows) ? null : NotKept(column),
        _ => WriteNumeric(number, scale, column, row),
    };

    private static string NotKept(ColumnPlan column) => $"the number has more digits than {column.Target.FullType} keeps, or is too large";

    private static string? WriteNumeric(in DecimalLiteral number, int scale, ColumnPlan column, RowWriter row)
    {
        if (!number.FitsNumeric || !FitsModifier(number, column.Target.Precision, column.Target.Scale ?? 0))
            return $"the number does not fit {column.Target.FullType}";

        var place = row.Rows.StartField();
        number.AppendNumeric(row.Rows, scale);
        row.Rows.EndField(place);
        return null;
    }

    private static bool FitsModifier(in DecimalLiteral number, int? precision, int scale) =>
        precision is not { } digits || number.IsZero || (number.WholeDigits <= digits - scale && number.NeededScale <= scale);

    private static bool TryLiteral(JsonElement value, RowWriter row, out DecimalLiteral number)
    {
        number = default;
        return value.ValueKind switch
        {
            JsonValueKind.Number => DecimalLiteral.TryParse(JsonMarshal.GetRawUtf8Value(value), out number),
            JsonValueKind.String => DecimalLiteral.TryParse(JsonText.Decode(value, row.Scratch).Trim(" \t\r\n"u8), out number),
            _ => false,
        };
    }
}
