using System.Globalization;
using System.Text.Json.Nodes;
using Xunit;

namespace BubbleSync.Tests.Simulator;

[Trait(CiOnly.Trait, CiOnly.Value)]
public class OverlayTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task After_many_changes_every_window_is_what_a_plain_list_would_give(int seed)
    {
        var dice = new Random(seed);
        await using var session = await SimulatorFixture.StartAsync(80, "dense=invoice:20");
        var records = session.Server.Records;
        var model = records.All("invoice").Select(json => JsonNode.Parse(json)!.AsObject()).ToDictionary(Reading.Id);

        for (var change = 0; change < 150; change++)
            Change(dice, records, model);

        Assert.Equal(Ordered(model.Values), records.All("invoice").Select(json => JsonNode.Parse(json)!.AsObject().Id()));
        for (var window = 0; window < 10; window++)
        {
            var (from, to) = (Moment(dice, model), Moment(dice, model));
            var found = await session.ReadAsync(
                "invoice", ("limit", "7"), ("constraints", SimulatorFixture.Where(("Created Date", "greater than", from), ("Created Date", "less than", to))));
            Assert.Equal(Ordered(
                model.Values.Where(row => string.CompareOrdinal(row.Created(), from) > 0 && string.CompareOrdinal(row.Created(), to) < 0)), found.Ids());
        }
    }

    private static void Change(Random dice, BubbleSync.Simulator.SimulatorRecords records, Dictionary<string, JsonObject> model)
    {
        var some = model.Keys.ElementAt(dice.Next(model.Count));
        if (dice.Next(3) == 0)
        {
            Assert.True(records.Delete("invoice", some));
            model.Remove(some);
            return;
        }

        var created = Moment(dice, model);
        var id = dice.Next(2) == 0 ? some : $"{dice.NextInt64(1_700_000_000_000, 1_800_000_000_000)}x{dice.Next()}";
        var json = $$"""{"_id":"{{id}}","Created Date":"{{created}}"}""";
        records.Put("invoice", json);
        model[id] = JsonNode.Parse(json)!.AsObject();
        Assert.Equal(json, records.Get("invoice", id));
    }

    // Often exactly that of a record, because ties are where orders go wrong.
    private static string Moment(Random dice, Dictionary<string, JsonObject> model) => dice.Next(2) == 0
        ? model.Values.ElementAt(dice.Next(model.Count)).Created()
        : DateTimeOffset.UnixEpoch.AddDays(20454 + (dice.NextDouble() * 273)).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static IEnumerable<string> Ordered(IEnumerable<JsonObject> rows) =>
        rows.OrderBy(Reading.Created, StringComparer.Ordinal).ThenBy(Reading.Id, StringComparer.Ordinal).Select(Reading.Id);
}
