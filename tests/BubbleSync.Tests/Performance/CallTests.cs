using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Performance;

/// <summary>How many calls a resync sends beside the least possible: the pages, one count for each window and each entity, and the app's description.</summary>
public sealed class CallTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const double MostOverLeast = 1.016;
    private const int WindowSize = 99;
    // Pages of three stand for pages of a hundred: 3,156 records make as many calls as else 105,200.
    private const int PageSize = 3;
    private const int Invoices = 400;

    [Fact]
    public async Task A_resync_sends_hardly_more_calls_than_pages_and_counts()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = Invoices })).With(WindowSize, PageSize);

        var report = await fixture.ResyncAsync();

        Assert.Equal(fixture.Bubble.Traffic.Requests, report.Api.Calls);
        Assert.InRange(report.Api.Calls / (double)Least(fixture), 1, MostOverLeast);
    }

    [Fact]
    public async Task A_resync_with_nothing_new_sends_no_more()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = Invoices })).With(WindowSize, PageSize);
        var first = await fixture.ResyncAsync();

        var second = await fixture.ResyncAsync();

        Assert.InRange(second.Api.Calls, 1, first.Api.Calls);
    }

    private static long Least(SyncFixture fixture) =>
        Maps.All.Select(m => fixture.Bubble.Records.Count(m.Type)).Sum(records => Parts(records, PageSize) + Parts(records, WindowSize) + 1) + 1;

    private static long Parts(long records, int size) => (records + size - 1) / size;
}
