using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using BubbleSync.Etl.Mapping;
using Xunit;

namespace BubbleSync.Tests.Transform;

/// <summary>A row as PostgreSQL would understand it.</summary>
/// <param name="Values">The columns by name: null, a list for <c>text[]</c>, else a text.</param>
/// <param name="Nulls">The columns whose NULL is to be stored.</param>
/// <param name="Read">The row's number in the order of reading.</param>
/// <param name="IsRejected">Whether it only says that the record was rejected.</param>
internal sealed record MappedRow(IReadOnlyDictionary<string, object?> Values, IReadOnlySet<string> Nulls, long Read, bool IsRejected);

/// <summary>Reads binary COPY rows on its own, from PostgreSQL's documentation and its *_recv functions rather than from the code that writes them.</summary>
internal ref struct CopyRows(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>All rows; fails where one is out of step with the staging table.</summary>
    public static List<MappedRow> Decode(ReadOnlySpan<byte> bytes, EntityPlan plan)
    {
        var rows = new CopyRows(bytes);
        var decoded = new List<MappedRow>();
        while (rows._rest.Length > 0)
            decoded.Add(rows.Row(plan));
        return decoded;
    }

    private MappedRow Row(EntityPlan plan)
    {
        var layout = new StagingLayout(plan).Columns().Select(c => (Name: c.Quoted.Trim('"'), c.Type)).ToList();
        Assert.Equal(layout.Count, Int16());

        var fields = new Dictionary<string, object?>();
        foreach (var (name, type) in layout)
            fields.Add(name, Field(type));

        var columns = plan.Columns.Select(c => c.Name).ToList();
        return new MappedRow(
            columns.ToDictionary(c => c, c => fields[c]),
            columns.Where((_, ordinal) => IsMarked(fields, ordinal)).ToHashSet(),
            Whole(fields["_read"]),
            (string?)fields["_rejected"] == "true");
    }

    // 63 marks a word, from the lowest bit.
    private static bool IsMarked(Dictionary<string, object?> fields, int ordinal) => ((Whole(fields[$"_nulls_{ordinal / 63}"]) >> (ordinal % 63)) & 1) == 1;

    private static long Whole(object? text) => long.Parse((string)text!, CultureInfo.InvariantCulture);

    private object? Field(string type)
    {
        var length = Int32();
        if (length == -1)
            return null;

        var value = new CopyRows(Take(length));
        object decoded = type switch
        {
            "text" => Strict.GetString(value.Take(length)),
            "smallint" => value.Int16().ToString(CultureInfo.InvariantCulture),
            "integer" => value.Int32().ToString(CultureInfo.InvariantCulture),
            "bigint" => value.Int64().ToString(CultureInfo.InvariantCulture),
            "numeric" => value.Numeric(),
            "boolean" => value.Take(1)[0] switch { 0 => "false", 1 => "true", var other => throw new FormatException($"{other} is no boolean") },
            "timestamptz" => Moment(value.Int64()),
            "jsonb" => value.Json(),
            "text[]" => value.List(),
            _ => throw new NotSupportedException(type),
        };
        Assert.Equal(0, value._rest.Length);
        return decoded;
    }

    private string Json()
    {
        Assert.Equal(1, Take(1)[0]);
        return Strict.GetString(Take(_rest.Length));
    }

    private string[] List()
    {
        var dimensions = Int32();
        Assert.Equal((0, 25), (Int32(), Int32()));
        if (dimensions == 0)
            return [];

        Assert.Equal(1, dimensions);
        var items = new string[Int32()];
        Assert.Equal(1, Int32());
        for (var i = 0; i < items.Length; i++)
            items[i] = Strict.GetString(Take(Int32()));
        return items;
    }

    // Groups of four digits, the first worth 10000^weight; shown with as many digits after the point as the scale says.
    private string Numeric()
    {
        var (groups, weight, sign, scale) = ((ushort)Int16(), (int)Int16(), Int16(), (ushort)Int16());
        Assert.True(sign is 0 or 0x4000);
        Assert.True(scale <= 16_383);
        var whole = new StringBuilder();
        var fraction = new StringBuilder(new string('0', Math.Max(0, 4 * (-weight - 1))));
        for (var i = 0; i < groups; i++)
        {
            var digits = Int16();
            Assert.InRange(digits, 0, 9999);
            (weight - i >= 0 ? whole : fraction).Append(digits.ToString("D4", CultureInfo.InvariantCulture));
        }

        whole.Append('0', Math.Max(0, 4 * (weight + 1 - groups)));
        Assert.True(fraction.ToString().TrimEnd('0').Length <= scale, "digits beyond the scale");
        var shown = whole.ToString().TrimStart('0').PadLeft(1, '0');
        var point = fraction.ToString().PadRight(scale, '0')[..scale];
        return (sign == 0 ? "" : "-") + shown + (scale > 0 ? "." + point : "");
    }

    private static string Moment(long microsecondsSince2000)
    {
        var moment = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddTicks(checked(microsecondsSince2000 * 10));
        return moment.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
    }

    private short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    private int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    private long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    private ReadOnlySpan<byte> Take(int count)
    {
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
