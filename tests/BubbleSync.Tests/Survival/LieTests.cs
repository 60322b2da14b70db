using System.Text.Json.Nodes;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>Answers that are not true: what comes of them is right, or the run says loudly that it may not be.</summary>
public sealed class LieTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("duplicates=30")]
    [InlineData("duplicates=5")]
    [InlineData("constraints-ignored=30")]
    [InlineData("constraints-ignored=5")]
    [InlineData("ceiling=25")]
    [InlineData("ceiling=5")]
    [InlineData("limit-cap=1")]
    [InlineData("limit-cap=3", "unstable-ties", "dense=invoice:35", "undated=3", "twins=2")]
    [InlineData("limit-cap=4", "duplicates=10", "constraints-ignored=3")]
    [InlineData("remaining-absent", "limit-cap=7")]
    public async Task Nothing_is_missing_in_silence(params string[] faults)
    {
        await using var scene = (await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 90, Faults = faults })).With(windowSize: 30, pageSize: 10);

        var report = await scene.ResyncAsync("invoice");

        var missing = scene.Bubble.Records.All("invoice").Select(text => JsonNode.Parse(text)!["_id"]!.GetValue<string>())
            .Except(await scene.RowsAsync("select bubble_id from invoice")).ToList();
        Assert.True(missing.Count == 0 || report.Status != "succeeded", $"{missing.Count} records are missing, and the run says: {report.ToJson()}");
        Assert.Equal(report.Status != "succeeded", report.Errors.Any(e => e is { Stage: "extract", Entity: "invoice" }));
    }

    [Theory]
    [InlineData("", 60)]
    [InlineData("ceiling=60", 60)]
    [InlineData("ceiling=60", 50_000)]
    [InlineData("ceiling=60|dense=invoice:55", 60)]
    public async Task More_records_than_the_ceiling_are_read_completely(string faults, int ceiling)
    {
        await using var scene = (await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 400, Faults = faults.Split('|', StringSplitOptions.RemoveEmptyEntries) })).With(50, 20, ceiling);

        var report = await scene.ResyncAsync("invoice");

        Assert.True(report.Status == "succeeded", report.ToJson());
        Assert.Equal(scene.Bubble.Records.Count("invoice"), report.Entities[0].Inserted);
        Assert.True(report.Entities[0].Proof!.IsComplete);
    }

    [Fact]
    public async Task More_records_on_one_millisecond_than_Bubble_shows_stop_the_run_with_3_and_nothing_is_merged()
    {
        await using var scene = await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 20, Faults = ["dense=invoice:70", "ceiling=60"] });

        var outcome = await Bubblesync.RunAsync(scene, [("Bubble__WindowSize", "50"), ("Bubble__PageSize", "20"), ("Bubble__OffsetCeiling", "60")], "resync", "--entity", "invoice");

        Assert.Equal(3, outcome.Code);
        Assert.Contains("holds 70 records, more than Bubble shows of one search (60, Bubble:OffsetCeiling)", outcome.All, StringComparison.Ordinal);
        Assert.Equal(0, await scene.ScalarAsync<long>("select count(*) from invoice"));
    }
}
