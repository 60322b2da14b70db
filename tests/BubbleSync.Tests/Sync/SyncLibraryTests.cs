using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary>The same from another .NET program: typed results, progress, cancellation.</summary>
public sealed class SyncLibraryTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Progress_is_told_and_ends_with_all_that_was_read()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        var heard = new ReceivedSignals();

        var report = await fixture.Engine().SyncInvoicesAsync([SyncFixture.Id(10)], new InvoiceSyncOptions(), heard, fixture.Limit);

        Assert.True(report.Success);
        Assert.Equal((8, (long)Family.Length), (heard.Last.Entities.Count, heard.Last.Entities.Sum(e => e.Read)));
        Assert.Equal(fixture.Bubble.Traffic.Requests, heard.Last.Api.Calls);
    }

    [Fact]
    public async Task Cancelled_it_reports_so_and_each_invoice_says_that_it_was_not_reached()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        using var stop = new CancellationTokenSource();
        fixture.Bubble.Traffic.OnRequest = request => request.Type == "payment" ? stop.CancelAsync() : Task.CompletedTask;

        var report = await fixture.Engine().SyncInvoicesAsync([SyncFixture.Id(10), SyncFixture.Id(11), "bad"], new InvoiceSyncOptions(), null, stop.Token);

        Assert.Equal((false, RunStatus.Cancelled), (report.Success, report.Run.Status));
        Assert.Equal([ErrorCode.Cancelled, ErrorCode.Cancelled, ErrorCode.MalformedId], report.Results.Select(r => Assert.Single(r.Errors).Code));
        Assert.Empty(await fixture.StoredAsync());
        Assert.Equal("cancelled", await fixture.ScalarAsync<string>("select status from bubblesync.run"));
    }

    [Fact]
    public async Task A_range_that_is_cancelled_is_no_success()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        using var stop = new CancellationTokenSource();
        fixture.Bubble.Traffic.OnRequest = request => request.Type == "payment" ? stop.CancelAsync() : Task.CompletedTask;

        var report = await fixture.Engine().SyncRangeAsync(Moment(SyncFixture.Early), Moment(SyncFixture.Late), false, null, stop.Token);

        Assert.Equal((false, RunStatus.Cancelled), (report.Success, report.Run.Status));
    }

    [Fact]
    public async Task An_incremental_run_that_is_cancelled_says_so_and_moves_no_mark()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ResyncAsync();
        using var stop = new CancellationTokenSource();
        fixture.Bubble.Traffic.OnRequest = request => request.Type == "user" ? stop.CancelAsync() : Task.CompletedTask;

        var report = await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions(), null, stop.Token);

        Assert.Equal(RunStatus.Cancelled, report.Status);
        Assert.Equal(["incremental|cancelled", "resync|succeeded"], await fixture.RowsAsync("select kind, status from bubblesync.run order by 1"));
    }

    [Fact]
    public async Task What_cannot_even_start_is_thrown()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var without = fixture.Settings with { Bubble = fixture.Settings.Bubble with { BaseUrl = null } };
        var engine = new SyncEngine(without);

        SyncException[] failures =
        [
            await Assert.ThrowsAsync<SyncException>(() => engine.SyncInvoicesAsync([SyncFixture.Id(1)], new InvoiceSyncOptions(), null, fixture.Limit)),
            await Assert.ThrowsAsync<SyncException>(
                () => engine.SyncRangeAsync(Moment(SyncFixture.Early), Moment(SyncFixture.Late), false, null, fixture.Limit)),
            await Assert.ThrowsAsync<SyncException>(() => engine.SyncIncrementalAsync(new IncrementalOptions(), null, fixture.Limit)),
            await Assert.ThrowsAsync<SyncException>(() => fixture.RangeAsync(SyncFixture.Late, SyncFixture.Early)),
        ];

        Assert.All(failures, f => Assert.True(f.IsUsage));
    }

    [Fact]
    public async Task Maps_without_invoices_are_refused_before_anything_is_asked()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.WithMap("invoice", map => map.Replace("\"name\": \"invoice\"", "\"name\": \"bill\"", StringComparison.Ordinal));

        var failure = await Assert.ThrowsAsync<SyncException>(() => fixture.SyncAsync(10));

        Assert.True(failure.IsUsage);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    private sealed class ReceivedSignals : IProgress<RunProgress>
    {
        public RunProgress Last { get; private set; } = new([], new ApiCounts(0, 0, 0, 0), 0, 0, []);

        public void Report(RunProgress value) => Last = value;
    }
}
