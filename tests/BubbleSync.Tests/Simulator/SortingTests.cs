using Xunit;

namespace BubbleSync.Tests.Simulator;

[Trait(CiOnly.Trait, CiOnly.Value)]
public class SortingTests
{
    private const string ById = """[{"sort_field":"_id","descending":false}]""";

    [Fact]
    public async Task Rows_come_by_Created_Date_when_no_order_is_asked_for()
    {
        await using var session = await SimulatorFixture.StartAsync();

        var rows = await session.ReadAsync("invoice_item");

        Assert.Equal(rows.Select(Reading.Created).Order(StringComparer.Ordinal), rows.Select(Reading.Created));
    }

    [Fact]
    public async Task Created_Date_then_id_is_a_whole_order_with_records_put_in_between()
    {
        await using var session = await SimulatorFixture.StartAsync();
        foreach (var rank in new[] { 3, 30, 60 })
        {
            var created = System.Text.Json.Nodes.JsonNode.Parse(session.Server.Records.At("invoice", rank))!["Created Date"]!.GetValue<string>();
            session.Server.Records.Put("invoice", $$"""{"Created Date":"{{created}}","_id":"{{1700000000000 + rank}}x9"}""");
            session.Server.Records.Put("invoice", $$"""{"Created Date":"{{created}}","_id":"{{1800000000000 + rank}}x9"}""");
        }

        var rows = await session.ReadAsync("invoice", ("sort_field", "Created Date"), ("additional_sort_fields", ById), ("limit", "7"));

        Assert.Equal(106, rows.Count);
        Assert.Equal(rows.OrderBy(Reading.Created, StringComparer.Ordinal).ThenBy(Reading.Id, StringComparer.Ordinal).Ids(), rows.Ids());
    }

    [Fact]
    public async Task Descending_begins_with_the_newest()
    {
        await using var session = await SimulatorFixture.StartAsync();

        var forward = await session.ReadAsync("payment", ("sort_field", "Created Date"));
        var backward = await session.ReadAsync("payment", ("sort_field", "Created Date"), ("descending", "true"));

        Assert.Equal(forward.Select(Reading.Created).Reverse(), backward.Select(Reading.Created));
    }

    [Fact]
    public async Task Newest_first_with_ids_rising_orders_ties_by_id()
    {
        await using var session = await SimulatorFixture.StartAsync(40, "dense=20");

        var rows = await session.ReadAsync("invoice", ("sort_field", "Created Date"), ("descending", "true"), ("additional_sort_fields", ById), ("limit", "7"));

        Assert.Equal(rows.OrderByDescending(Reading.Created, StringComparer.Ordinal).ThenBy(Reading.Id, StringComparer.Ordinal).Ids(), rows.Ids());
    }

    [Theory]
    [InlineData("_id")]
    [InlineData("Modified Date")]
    public async Task Other_dates_and_ids_sort_too(string field)
    {
        await using var session = await SimulatorFixture.StartAsync();
        session.Server.Records.Put("user", """{"_id":"1x1","Created Date":"2026-03-03T00:00:00.000Z","Modified Date":"2026-03-04T00:00:00.000Z"}""");

        var rows = await session.ReadAsync("user", ("sort_field", field), ("limit", "2"));

        Assert.Equal(6, rows.Count);
        Assert.Equal(rows.Select(row => row[field]!.GetValue<string>()).Order(StringComparer.Ordinal), rows.Select(row => row[field]!.GetValue<string>()));
    }

    [Fact]
    public async Task Numbers_sort_as_numbers_and_empty_ones_come_last()
    {
        await using var session = await SimulatorFixture.StartAsync();

        var rows = await session.ReadAsync("invoice", ("sort_field", "Amount"));

        var amounts = rows.ConvertAll(row => row["Amount"]?.GetValue<decimal>() ?? decimal.MaxValue);
        Assert.Equal(amounts.Order(), amounts);
        Assert.Contains(decimal.MaxValue, amounts);
    }

    [Fact]
    public async Task Rows_that_tie_change_places_between_requests_unless_the_id_is_sorted_by()
    {
        await using var session = await SimulatorFixture.StartAsync(0, "unstable-ties", "dense=user:60");

        var first = (await session.ListAsync("user")).Rows().Ids();
        var second = (await session.ListAsync("user")).Rows().Ids();
        var sorted = (await session.ListAsync("user", ("sort_field", "Created Date"), ("additional_sort_fields", ById))).Rows().Ids();

        Assert.NotEqual(first, second);
        Assert.Equal(first.Order(StringComparer.Ordinal), second.Order(StringComparer.Ordinal));
        Assert.Equal(first.Order(StringComparer.Ordinal), sorted);
    }
}
