using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>A source that fails now and then changes nothing but the time it takes.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class FaultTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("429=2x")]
    [InlineData("503=2x")]
    [InlineData("500=20")]
    [InlineData("reset=20")]
    [InlineData("truncated=20")]
    [InlineData("truncated-http=20")]
    [InlineData("html=20")]
    [InlineData("contradicts=3x")]
    [InlineData("contradicts=20")]
    public async Task What_fails_is_asked_again_until_everything_is_there(string fault)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20, Faults = [fault] })).With(pageSize: 5);

        var report = await fixture.ResyncAsync("invoice", "invoice_item");

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.All(report.Entities, e => Assert.Equal((fixture.Bubble.Records.Count(Maps.Of(e.Name).Type), true), (e.Inserted, e.Proof!.IsComplete)));
        Assert.Equal("20|70", await fixture.RowAsync("select (select count(*) from invoice), (select count(*) from invoice_item)"));
        Assert.InRange(report.Api.Retries, 1, report.Api.Calls / 2);
        Assert.Equal(fixture.Bubble.Traffic.Requests, report.Api.Calls);
        Assert.Equal(fault[0] == '4' || fault[..3] == "503", report.Api.Throttled > 0);
    }

    [Fact]
    public async Task A_source_that_never_recovers_stops_the_run_before_anything_is_merged()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5, Faults = ["500=100"] });
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxAttempts = 2, PatienceSeconds = 0 } };

        var report = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Failed, report.Status);
        Assert.Contains(report.Errors, e => e is { Stage: SyncStage.Extract, Code: ErrorCode.SourceBusy });
        Assert.Empty(await fixture.SnapshotAsync());
        Assert.Equal("failed", await fixture.ScalarAsync<string>("select status from bubblesync.run"));
    }
}
