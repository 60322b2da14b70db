using System.Text.Json;
using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary><c>sync record</c>: records of any entity with what they name and what belongs to them.</summary>
public sealed class RecordTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    // A customer has no children in the shipped maps; agents belong to their login; a registration that a customer names leads on to its invoices.
    [Theory]
    [InlineData("customer", 4, "agent 9,customer 4,user 8")]
    [InlineData("user", 2, "agent 1,agent 9,user 2")]
    [InlineData("payment", 20, "invoice 10,payment 20")]
    public async Task A_record_comes_with_what_it_names_and_with_what_its_maps_say_to_follow(string entity, int number, string stored)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();

        var report = await fixture.Engine().SyncRecordsAsync(entity, [SyncFixture.Id(number)], force: false, null, fixture.Limit);
        var again = await fixture.Engine().SyncRecordsAsync(entity, [SyncFixture.Id(number)], force: false, null, fixture.Limit);

        Assert.Equal(stored.Split(','), await fixture.StoredAsync());
        var result = Assert.Single(report.Results);
        Assert.Equal(stored.Split(',').GroupBy(s => s.Split(' ')[0]).Select(g => $"{g.Key} {g.Count()}"),
            result.Stats.Select(s => $"{s.Key} {s.Value}").Order(StringComparer.Ordinal));
        Assert.Equal((true, entity, RunKind.SyncRecord), (report.Success, report.Entity, report.Run.Kind));
        Assert.True(Assert.Single(again.Results).IsSkipped);
    }

    [Fact]
    public async Task An_invoice_is_synced_as_by_its_own_command_also_with_maps_that_do_not_say_to_follow()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        string Without(string map) => map.Replace("\"relation\": \"invoice\", \"follow\": true", "\"relation\": \"invoice\"", StringComparison.Ordinal);
        fixture.WithMaps([.. Maps.All.Select(m => ($"{m.Name}.json", (Func<string, string>)Without))]);

        var report = await fixture.Engine().SyncRecordsAsync("invoice", [SyncFixture.Id(10)], force: true, null, fixture.Limit);
        var invoice = await fixture.SyncAsync(new() { Force = true }, [SyncFixture.Id(10)]);

        Assert.Equal(Family, await fixture.StoredAsync());
        var steps = Assert.Single(report.Results).Steps;
        Assert.Equal(
            ["agent", "customer", "user", "invoice", "invoice_item", "payment", "submitted_payment", "seda_registration"], steps.Select(s => s.Step));
        Assert.Equal("agent customer user invoice payments submitted_payments invoice_items seda", Assert.Single(invoice.Results).Words());
    }

    [Fact]
    public async Task Relations_that_follow_each_other_are_followed_to_their_end()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.WithMap("user", map => map.Replace("\"from\": \"Linked Agent Profile\", \"relation\": \"agent\"",
            "\"from\": \"Linked Agent Profile\", \"relation\": \"agent\", \"follow\": true", StringComparison.Ordinal));
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early, Link("Linked Agent", 1)));
        foreach (var number in new[] { 1, 2, 3 })
        {
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, Link("Linked User Login", number + 10)));
            fixture.Put("user", SyncFixture.Record(number + 10, SyncFixture.Early, Link("Linked Agent Profile", number + 1)));
        }

        var report = await fixture.Engine().SyncRecordsAsync("invoice", [SyncFixture.Id(10)], force: false, null, fixture.Limit);

        Assert.Equal("agent 1,agent 2,agent 3,invoice 10,user 11,user 12,user 13", string.Join(',', await fixture.StoredAsync()));
        Assert.True(report.Success);
    }

    [Fact]
    public async Task The_program_names_each_record_and_fails_only_those_that_are_not_there()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        var file = Path.Combine(fixture.Folder([("ids.txt", $"{SyncFixture.Id(77)}\nno-id")]), "ids.txt");

        var outcome = await Bubblesync.RunAsync(fixture, "sync", "record", "customer", SyncFixture.Id(4), "--ids-file", file, "--output", "json");
        var unknown = await Bubblesync.RunAsync(fixture, "sync", "record", "custmer", SyncFixture.Id(4));
        var range = await Bubblesync.RunAsync(fixture, "sync", "range", "--entity", "agent", "--from", "2026-03-01", "--to", "2026-03-01");

        Assert.Equal((1, 2, 0), (outcome.Code, unknown.Code, range.Code));
        Assert.Equal("customer", outcome.Json.GetProperty("entity").GetString());
        var results = outcome.Json.GetProperty("results").EnumerateArray().ToList();
        Assert.Equal([(SyncFixture.Id(4), true), (SyncFixture.Id(77), false), ("no-id", false)],
            results.Select(r => (r.GetProperty("bubbleId").GetString()!, r.GetProperty("success").GetBoolean())));
        Assert.Equal(["success", "bubbleId", "steps", "errors", "stats"], results[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal("""{"agent":1,"customer":1,"user":1}""", JsonSerializer.Serialize(results[0].GetProperty("stats")));
        Assert.Equal("""{"action":"agent","success":true}""", JsonSerializer.Serialize(results[0].GetProperty("steps")[0]));
        Assert.Contains("There is no entity 'custmer', whose records this command syncs. Did you mean 'customer'?", unknown.Error, StringComparison.Ordinal);
        Assert.Contains("2 records of agent in the range: 1 synced, 1 with nothing to write, 0 failed", range.Output, StringComparison.Ordinal);
    }
}
