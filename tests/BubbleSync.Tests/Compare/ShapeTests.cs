using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary>What <c>audit fields</c> tells of values without telling the values.</summary>
public sealed class ShapeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly (string Value, string Shape)[] Shapes =
    [
        ("\"twelve\"", "text(6)"),
        ("\"Zoë \\ud83d\\ude00\"", "text(5)"),
        ("\"a\\n\\\"b\\\"\"", "text(5)"),
        ("\"12\"", "text(2)"),
        ("\"true\"", "text(4)"),
        ("\"2026-03-01\"", "text(10)"),
        ("\"2026-03-01T08:00:00.000Z\"", "date"),
        ("\"2026-03-01T08:00:00+08:00\"", "date"),
        ("\"1769904000000x123\"", "id"),
        ("\"1769904000000x\"", "text(14)"),
        ("\"//cdn.example.com/a.png\"", "url"),
        ("\"https:\\/\\/example.com\"", "url"),
        ("\"http://example.com\"", "url"),
        ("\"//cdn.example.com and more\"", "text(26)"),
        ("\"//\"", "blank"),
        ("\"\"", "blank"),
        ("\" \\t\\u00a0\"", "blank"),
        ("1.20e1", "number"),
        ("1769904000000", "number"),
        ("false", "boolean"),
        ("{\"a\": [1]}", "object"),
        ("[]", "list(0)"),
        ("[null, \"a\", {}]", "list(3)"),
        ("null", "null"),
    ];

    [Fact]
    public async Task A_value_is_told_by_what_it_is_and_how_long()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(
            1, SyncFixture.Early, string.Join(", ", Shapes.Select((shape, number) => $"\"field {number:00}\": {shape.Value}"))));

        var told = await ShapesAsync(fixture, "field");

        Assert.Equal(Shapes, Shapes.Zip(told, (shape, word) => (shape.Value, word)));
    }

    [Theory]
    [InlineData("text(1) text(9)", "\"a\"", "\"abcde\"", "\"abcdefghi\"")]
    [InlineData("text(1) text(5) number", "\"a\"", "\"abc\"", "1", "\"abcde\"", "2")]
    [InlineData("text(5) list(1) list(3)", "[1]", "[1, 2, 3]", "\"abcde\"")]
    [InlineData("text(3) id number", "null", "1", "\"1x2\"", "\"abc\"", "\"a\"", "\"\"")]
    [InlineData("url null", "null", "\"//a.example/b\"", "\"//c.example/d\"")]
    public async Task Three_are_told_at_most_of_each_kind_the_longest_whatever_comes_first(string told, params string[] values)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).With(pageSize: 1);
        foreach (var (number, value) in values.Index())
        {
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"New\": {value}", created: $"2026-02-01T00:00:{number:00}.000Z"));
            fixture.Put("agent", SyncFixture.Record(
                100 + number, SyncFixture.Early, $"\"New twin\": {value}", created: $"2026-02-01T00:00:{59 - number:00}.000Z"));
        }

        Assert.Equal([told, told], await ShapesAsync(fixture, "New"));
    }

    private static async Task<IEnumerable<string>> ShapesAsync(SyncFixture fixture, string name)
    {
        var report = await fixture.Engine().AuditFieldsAsync(["agent"], null, fixture.Limit);
        return report.Rows.Where(r => r.BubbleField.StartsWith(name, StringComparison.Ordinal)).Select(r => string.Join(' ', r.Shapes));
    }
}
