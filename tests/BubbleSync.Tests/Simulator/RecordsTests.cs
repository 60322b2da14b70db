using System.Text.Json.Nodes;
using BubbleSync.Simulator;
using BubbleSync.Simulator.Generation;
using Xunit;

namespace BubbleSync.Tests.Simulator;

[Trait(CiOnly.Trait, CiOnly.Value)]
public class RecordsTests
{
    private static readonly string[] Types = [.. Shapes.Generated.Select(shape => shape.Url)];

    [Fact]
    public async Task Types_are_there_in_the_proportions_of_the_real_app()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 2000);

        Assert.Equal([80, 1600, 100, 2000, 2400, 800, 7000, 1800], Types.Select(session.Server.Records.Count));
        Assert.InRange(Types.SelectMany(session.Server.Records.All).Average(json => System.Text.Encoding.UTF8.GetByteCount(json)), 500, 570);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_bytes_and_another_gives_others()
    {
        await using var one = await SimulatorFixture.StartAsync(new SimulatorOptions { Invoices = 30 });
        await using var same = await SimulatorFixture.StartAsync(new SimulatorOptions { Invoices = 30 });
        await using var other = await SimulatorFixture.StartAsync(new SimulatorOptions { Invoices = 30, Seed = 2 });

        Assert.Equal(Types.SelectMany(one.Server.Records.All), Types.SelectMany(same.Server.Records.All));
        Assert.NotEqual(one.Server.Records.All("invoice"), other.Server.Records.All("invoice"));
    }

    [Fact]
    public async Task Every_field_of_every_type_occurs_even_in_small_data()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 100);

        foreach (var shape in Shapes.Generated)
        {
            var seen = session.Server.Records.All(shape.Url).SelectMany(json => JsonNode.Parse(json)!.AsObject().Select(pair => pair.Key)).ToHashSet();
            Assert.Empty(shape.Fields.Select(field => field.Name).Except(seen));
        }
    }

    [Fact]
    public async Task Links_nearly_all_lead_to_a_record()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 300);
        var records = session.Server.Records;
        var ids = Types.SelectMany(records.All).Select(json => JsonNode.Parse(json)!.AsObject().Id()).ToHashSet();
        var links = Shapes.Generated
            .SelectMany(shape => records.All(shape.Url).Select(json => (Shape: shape, Record: JsonNode.Parse(json)!.AsObject())))
            .SelectMany(one => one.Shape.Fields.Where(LeadsSomewhere).SelectMany(field => Targets(one.Record[field.Name])))
            .ToList();

        Assert.InRange(links.Count(ids.Contains) / (double)links.Count, 0.95, 0.9999);
    }

    [Fact]
    public async Task Payments_and_items_agree_with_their_invoice()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 300);
        var records = session.Server.Records;
        var invoices = records.All("invoice").Select(json => JsonNode.Parse(json)!.AsObject()).ToDictionary(Reading.Id);

        foreach (var (type, list) in new[] { ("payment", "Linked Payment"), ("submit_payment", "Linked Payment"), ("invoice_item", "Linked Invoice Item") })
        {
            var children = records.All(type).Select(json => JsonNode.Parse(json)!.AsObject()).Where(child => child.ContainsKey("Linked Invoice")).ToList();
            var known = children.Where(child => invoices.TryGetValue(child["Linked Invoice"]!.GetValue<string>(), out var invoice) && invoice.ContainsKey(list))
                .ToList();
            Assert.All(known, child => Assert.Contains(child.Id(), Targets(invoices[child["Linked Invoice"]!.GetValue<string>()][list])));
            Assert.InRange(known.Count, children.Count / 2, children.Count - 1);
        }
    }

    [Fact]
    public async Task Ids_are_unique_tell_the_time_of_creation_and_some_share_a_millisecond()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 500);

        var rows = session.Server.Records.All("invoice_item").Select(json => JsonNode.Parse(json)!.AsObject()).ToList();

        Assert.Equal(rows.Count, rows.Ids().Distinct().Count());
        Assert.All(rows, row =>
            Assert.Equal(row["Created Date"]!.GetValue<DateTimeOffset>()
                .ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture), row.Id().Split('x')[0]));
        Assert.All(rows, row => Assert.True(row["Modified Date"]!.GetValue<DateTimeOffset>() >= row["Created Date"]!.GetValue<DateTimeOffset>()));
        Assert.InRange(rows.GroupBy(Reading.Created).Count(group => group.Count() > 1), 20, 60);
    }

    [Fact]
    public async Task Odd_values_of_real_life_are_there()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 300);

        var all = string.Concat(Types.SelectMany(session.Server.Records.All));

        Assert.All<string>(
            ["\"//\"", "\"//s3.amazonaws.com", "admin_user_simulator_test", "\\\"", "\\n", "🏠", "\"Normal Commission\":-", "陳大文", "\"Linked Payment\":[\""],
            text => Assert.Contains(text, all, StringComparison.Ordinal));
        Assert.DoesNotContain("null", all, StringComparison.Ordinal);
        Assert.DoesNotContain("[]", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Records_without_a_proper_id_are_served_as_they_came()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 0);
        string[] rows = ["""{"Name" : "no id"}""", """{"_id":"odd id!","n":1.0}""", """{"_id":17}"""];
        foreach (var row in rows)
            session.Server.Records.Put("agent", row);

        using var answer = await session.GetAsync("obj/agent");
        var body = await answer.Content.ReadAsStringAsync(SimulatorFixture.Limit);

        Assert.All(rows, row => Assert.Contains(row, body, StringComparison.Ordinal));
        Assert.Equal(rows[1], session.Server.Records.Get("agent", "odd id!"));
    }

    [Fact]
    public async Task A_million_records_are_paged_anywhere_without_being_made_first()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 1_000_000);

        var page = await session.ListAsync(
            "invoice_item",
            ("constraints", SimulatorFixture.Where(
                ("Created Date", "greater than", "2026-06-01T00:00:00Z"), ("Created Date", "less than", "2026-06-01T12:00:00Z"))), ("cursor", "3000"));

        Assert.Equal(100, page.Count());
        Assert.InRange(page.Remaining(), 2000, 5000);
    }

    [Fact]
    public void A_put_that_is_no_object_is_refused()
    {
        var library = new BubbleSync.Simulator.Storage.Library(new(1, 0, _ => 0), false, int.MaxValue);

        Assert.Throws<ArgumentException>(() => new SimulatorRecords(library).Put("agent", "[1]"));
    }

    private static bool LeadsSomewhere(Field field) =>
        Types.Contains(field.Type.Replace("list.", "", StringComparison.Ordinal).Replace("custom.", "", StringComparison.Ordinal));

    private static IEnumerable<string> Targets(JsonNode? value) => value switch
    {
        null => [],
        JsonArray list => list.Select(item => item!.GetValue<string>()),
        _ => [value.GetValue<string>()],
    };
}
