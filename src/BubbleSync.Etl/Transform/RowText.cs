using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres.Columns;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Transform;

/// <summary>A mapped row, with its values as texts: numbers digit for digit, times in ISO 8601, lists as JSON.</summary>
/// <param name="Order">The record's number.</param>
/// <param name="Values">The values by column, in the order of the plan. A column that the row leaves as it is is not among them.</param>
internal sealed record RowText(long Order, IReadOnlyDictionary<string, string?> Values)
{
    /// <summary>Reads rows in PostgreSQL's binary COPY format (postgresql.org/docs/current/sql-copy.html), as the mapper writes them.</summary>
    public static IReadOnlyList<RowText> Read(ReadOnlySpan<byte> rows, EntityPlan plan)
    {
        List<string> types = [.. new StagingLayout(plan).Columns().Select(c => c.Type)];
        var read = new List<RowText>();
        for (var rest = rows; rest.Length > 0;)
        {
            rest = rest[sizeof(short)..];
            var texts = new string?[types.Count];
            for (var i = 0; i < texts.Length; i++)
                texts[i] = Field(ref rest, types[i]);
            read.Add(new RowText(long.Parse(texts[^1]!, CultureInfo.InvariantCulture), Written(plan, texts)));
        }

        return read;
    }

    // A field that the record does not have leaves its column as it is, unless the map clears it. A mark shows the explicit null.
    private static Dictionary<string, string?> Written(EntityPlan plan, string?[] texts) => plan.Columns
        .Where(c => texts[c.Ordinal] is not null || c.AbsentClears
            || IsNullMarked(texts[plan.Columns.Count + (c.Ordinal / StagingLayout.BitsInWord)]!, c.Ordinal))
        .ToDictionary(c => c.Name, c => texts[c.Ordinal]);

    private static bool IsNullMarked(string word, int ordinal) =>
        ((long.Parse(word, CultureInfo.InvariantCulture) >> (ordinal % StagingLayout.BitsInWord)) & 1) == 1;

    private static string? Field(ref ReadOnlySpan<byte> rest, string type)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(rest);
        rest = rest[sizeof(int)..];
        if (length < 0)
            return null;

        var value = rest[..length];
        rest = rest[length..];
        return type switch
        {
            ColumnTypes.Boolean => value[0] == 0 ? "false" : "true",
            ColumnTypes.Smallint => Text(BinaryPrimitives.ReadInt16BigEndian(value)),
            ColumnTypes.Integer => Text(BinaryPrimitives.ReadInt32BigEndian(value)),
            ColumnTypes.Bigint => Text(BinaryPrimitives.ReadInt64BigEndian(value)),
            ColumnTypes.Real => BinaryPrimitives.ReadSingleBigEndian(value).ToString(CultureInfo.InvariantCulture),
            ColumnTypes.Double => BinaryPrimitives.ReadDoubleBigEndian(value).ToString(CultureInfo.InvariantCulture),
            ColumnTypes.Numeric => Numeric(value),
            ColumnTypes.Uuid => new Guid(value, bigEndian: true).ToString(),
            ColumnTypes.TextArray => List(value),
            "timestamptz" => Moment(BinaryPrimitives.ReadInt64BigEndian(value)),
            _ => Encoding.UTF8.GetString(value),
        };
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    // Microseconds since the year 2000.
    private static string Moment(long microseconds) => new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddTicks(microseconds * TimeSpan.TicksPerMicrosecond)
        .ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    // Four numbers of 16 bits (groups, power of the first group, sign, digits after the point), then groups of four digits.
    private static string Numeric(ReadOnlySpan<byte> value)
    {
        int Word(ReadOnlySpan<byte> bytes, int place) => BinaryPrimitives.ReadInt16BigEndian(bytes[(place * sizeof(short))..]);

        var (groups, weight, isNegative, scale) = (Word(value, 0), Word(value, 1), Word(value, 2) != 0, Word(value, 3));
        var number = BigInteger.Zero;
        for (var i = 0; i < groups; i++)
            number = (number * 10_000) + Word(value, 4 + i);

        // As a whole number of units of the last digit shown.
        var shift = (4 * (weight - groups + 1)) + scale;
        number = shift >= 0 ? number * BigInteger.Pow(10, shift) : number / BigInteger.Pow(10, -shift);
        var digits = number.ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return (isNegative ? "-" : "") + (scale == 0 ? digits : $"{digits[..^scale]}.{digits[^scale..]}");
    }

    // Dimensions, whether there are nulls, the type of the items; for each dimension its length and lower bound; then the items.
    private static string List(ReadOnlySpan<byte> value)
    {
        var items = new List<string>();
        for (var rest = value[Math.Min(value.Length, 5 * sizeof(int))..]; rest.Length > 0;)
            items.Add(Field(ref rest, ColumnTypes.Text)!);
        return JsonText.Of(items);
    }
}
