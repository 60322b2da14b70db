using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary><c>plan</c>: what a resync would cost, by the settings' prices, and it sends what was said.</summary>
public sealed class PlanTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_resync_sends_no_more_requests_than_were_planned_and_hardly_fewer()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 1000 })).With(windowSize: 500);

        var plan = await fixture.Engine().PlanAsync([], fixture.Limit);
        var run = await fixture.ResyncAsync();

        Assert.Equal(run.Entities.Sum(e => e.Extracted), plan.Records);
        Assert.InRange(run.Api.Calls, plan.Calls * 0.85, plan.Calls);
    }

    [Theory]
    [InlineData(1, 0, 0, 0, 0)]
    [InlineData(0, 1, 0, 0, 0)]
    [InlineData(0, 0, 1, 0, 0)]
    public async Task Each_price_counts_what_it_is_the_price_of(int call, int search, int thing, int character, int bytes)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 100 });
        fixture.Settings =
            fixture.Settings with { Prices = new PriceSettings { Call = call, Search = search, Thing = thing, Character = character, Byte = bytes } };

        var plan = await fixture.Engine().PlanAsync(["invoice"], fixture.Limit);

        // The app's description is no search.
        Assert.Equal(thing == 1 ? 100 : plan.Calls - search, plan.WorkloadUnits);
    }

    [Fact]
    public async Task The_graph_shows_the_way_of_a_record_and_who_waits_for_whom()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var cores = Environment.ProcessorCount > 1 ? $" ×{Environment.ProcessorCount}" : "";

        var text = await Bubblesync.RunAsync(fixture, "plan", "--entity", "agent", "--entity", "user", "--graph", "text");
        var mermaid = await Bubblesync.RunAsync(fixture, "plan", "--entity", "agent", "--graph", "mermaid");

        var way = $"count · begin (after upper bound) · plan windows (after all begun) ─► read ×4 ─► map{cores} ─► stage ×4 ─► merge";
        Assert.Equal(0, text.Code);
        Assert.Contains($"agent: {way}\n", text.Output, StringComparison.Ordinal);
        Assert.Contains($"user: {way} (after merge of agent)\n", text.Output, StringComparison.Ordinal);
        Assert.Contains(
            "whole run: upper bound (after every count) · all begun (after every begin) · links (after every merge) · prune (after every merge) ─► patches"
                + " ─► findings (after links) ─► drop staging",
            text.Output, StringComparison.Ordinal);
        Assert.StartsWith("flowchart LR\n", mermaid.Output, StringComparison.Ordinal);
        Assert.Contains("subgraph", mermaid.Output, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Bubble.Traffic.Count("user", RequestKind.List));
    }

    [Fact]
    public async Task Resync_with_plan_prints_the_plan_and_reads_nothing()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 100 });

        var planned = await Bubblesync.RunAsync(fixture, "resync", "--plan", "--entity", "invoice", "--output", "json");

        Assert.Equal(0, planned.Code);
        Assert.Equal("invoice", Assert.Single(planned.Json.GetProperty("entities").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal(1, fixture.Bubble.Traffic.Count("invoice", RequestKind.List));
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from invoice"));
    }
}
