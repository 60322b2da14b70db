using System.Globalization;
using BubbleSync.Etl.Messages;
using BubbleSync.Tests.Plan;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace BubbleSync.Tests.Transform;

public class PageProperties
{
    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-1", "12.0", "12.50", "1e400", "1e-9", "70000", "\"\"", "\" \"", "\"yes\"", "\"7\"", "\"a,b\"", "\"//\"", "\"//x\"",
        "\"\\ud800\\u0000\"",
        "\"2024-02-29T12:34:56.789Z\"", "1709210096789", "[]", "[null,\"a\"]", "[1,[2]]", "{}", "{\"email\":{\"email\":\"a@b.c\"}}", "{\"email\":5}",
        "\"a text much too long for a column of five\"",
    ];

    private static readonly (string Type, string Column)[] Types =
    [
        ("text", "text"), ("text", "character varying(5)"), ("url", "text"), ("text[]", "text[]"), ("url[]", "text[]"), ("integer", "smallint"),
        ("integer", "integer"), ("integer", "bigint"),
        ("integer", "numeric"), ("numeric", "numeric"), ("numeric", "numeric(10,2)"), ("boolean", "boolean"), ("timestamptz", "timestamp with time zone"),
        ("jsonb", "jsonb"),
    ];

    [Fact]
    public void A_page_of_anything_gives_rows_in_step_with_the_staging_table_and_tells_every_reject()
    {
        Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var mapping = Any(random);
            var records = Enumerable.Range(0, random.Next(12)).Select(i => Record(i, random)).ToArray();

            var mapped = mapping.Map(records);

            Assert.Equal(mapped.RowCount, mapped.Rows.Count);
            var withoutRow = mapped.Rejects.Where(r => r.BubbleId is null).ToList();
            Assert.Equal(records.Length, mapped.Rows.Count + withoutRow.Count);
            Assert.Equal(Enumerable.Range(1000, records.Length)
                .Select(i => (long)i), mapped.Rows.Select(r => r.Read).Concat(withoutRow.Select(r => r.Order)).Order());
            Assert.Equal(
                mapped.Rows.Where(r => r.IsRejected).Select(r => (r.Read, (string?)r.Values["bubble_id"])),
                mapped.Rejects.Where(r => r.BubbleId is not null).Select(r => (r.Order, r.BubbleId)).Distinct());
            Assert.All(mapped.Rejects, r => Assert.Equal(records[r.Order - 1000], r.Raw));
            Assert.All(mapped.Rows, r => Assert.True(BubbleId.IsValid(System.Text.Encoding.ASCII.GetBytes((string)r.Values["bubble_id"]!))));
            Assert.All(mapped.Rows, r => Assert.All(r.Nulls, column => Assert.Null(r.Values[column])));
        }));
    }

    [Fact]
    public void A_record_maps_the_same_alone_and_among_others()
    {
        Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var mapping = Any(random);
            var records = Enumerable.Range(0, 8).Select(i => Record(i, random)).ToArray();

            var alone = records.SelectMany(record => mapping.Map(record).Rows);

            Assert.Equal(alone.Select(Show), mapping.Map(records).Rows.Select(Show));
        }));
    }

    private static Mapping Any(Random random)
    {
        var chosen = Enumerable.Range(0, random.Next(1, 80)).Select(_ => Types[random.Next(Types.Length)]).ToList();
        var fields = chosen.Select(
            (type, i) => TestTable.Field(
                $"c{i}", type.Type, $"F {i % 10}", $"Other {i}") with
            {
                AbsentClears = random.Next(
                    4) == 0,
                Path = random.Next(6) == 0 ? ["email", "email"] : []
            });
        var columns = chosen.Select((type, i) => TestTable.Column($"c{i}", type.Column) with { IsRequired = random.Next(10) == 0 });
        return Mapping.Of(TestTable.Map("thing", [.. fields]), [.. columns]);
    }

    private static string Record(int number, Random random)
    {
        if (random.Next(10) == 0)
            return Values[random.Next(Values.Length)];

        var fields = Enumerable.Range(0, random.Next(12)).Select(i => $"\"F {i}\":{Values[random.Next(random.Next(2) == 0 ? Values.Length : 3)]}").ToList();
        if (random.Next(10) > 0)
            fields.Insert(random.Next(fields.Count + 1), $"\"_id\":\"{number.ToString(CultureInfo.InvariantCulture)}x1\"");
        return $"{{{string.Join(",", fields)}}}";
    }

    private static string Show(MappedRow row) =>
        string.Join(";", row.Values.Select(
            v => $"{v.Key}={(v.Value is string[] list ? string.Join('|', list) : v.Value ?? (row.Nulls.Contains(v.Key) ? "null" : "absent"))}"))
            + row.IsRejected;
}
