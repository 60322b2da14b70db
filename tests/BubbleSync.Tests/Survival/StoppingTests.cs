using System.Collections.Concurrent;
using BubbleSync.Etl;
using BubbleSync.Etl.Bubble.Throttling;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>What is sent after a run was asked to stop, and what its report counts. One request at a time: none is on its way at that moment.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class StoppingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly ConcurrentQueue<SimulatedRequest> _before = new();
    private readonly ConcurrentQueue<SimulatedRequest> _after = new();

    [Fact]
    public async Task A_resync_requests_only_pages_of_windows_that_have_begun_and_counts_what_it_read()
    {
        await using var fixture = await OpenAsync();
        using var drain = new CancellationTokenSource();
        Stop(fixture, drain, IsLaterPage);

        var report = await fixture.ResyncAsync(new ResyncOptions { Drain = drain.Token });

        Assert.Equal(RunStatus.Cancelled, report.Status);
        Assert.NotEmpty(_after);
        Assert.All(_after, r => Assert.True(r.Cursor > 0 && _before.Any(b => b.Cursor == 0 && (b.Type, b.Constraints) == (r.Type, r.Constraints)), r.Line));
        Assert.Equal(_before.Count + _after.Count, report.Api.Calls);
        var kept = await fixture.ScalarAsync<long>("select sum(rows_read)::bigint from bubblesync.\"window\" where status = 'proved'");
        Assert.Equal((kept, kept), (report.Read, report.Entities.Sum(e => e.Staged)));
        Assert.Equal(
            $"cancelled|{kept}|{report.Api.Calls}|{kept}",
            await fixture.RowAsync("select status, result ->> 'read', result -> 'api' ->> 'calls', (select sum((e ->> 'staged')::bigint) from "
                + "jsonb_array_elements(result -> 'entities') e) from bubblesync.run"));

        var known = await Pages.ProvedAsync(fixture);
        var pages = new Pages(fixture);
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync(new ResyncOptions { Resume = true })).Status);
        pages.AssertNotRead(known);
    }

    [Fact]
    public async Task A_dry_run_that_stops_says_that_it_is_rolled_back()
    {
        await using var fixture = await OpenAsync();
        using var drain = new CancellationTokenSource();
        Stop(fixture, drain, IsLaterPage);

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["invoice"], DryRun = true, Drain = drain.Token });

        Assert.Equal(RunStatus.Cancelled, report.Status);
        Assert.Equal("The run was interrupted. Everything that this dry run did was rolled back.", report.Errors[0].Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_resync_that_has_not_begun_ends_at_once_while_Bubble_or_a_lock_keeps_it_waiting(bool isBubble)
    {
        await using var fixture = await OpenAsync();
        await fixture.ResyncAsync("agent");
        using var drain = new CancellationTokenSource();
        await using var heldLock = isBubble ? null : await HeldLock.ShutAsync(fixture, "lock table bubblesync.source in access exclusive mode");
        var isStalled = new TaskCompletionSource();
        fixture.Bubble.Traffic.OnRequest = _ =>
        {
            isStalled.TrySetResult();
            return Task.Delay(Timeout.Infinite, fixture.Limit);
        };

        var run = fixture.ResyncAsync(new ResyncOptions { AcceptSource = isBubble, Drain = drain.Token });
        await (heldLock?.SomebodyWaitsAsync() ?? isStalled.Task).WaitAsync(fixture.Limit);
        await drain.CancelAsync();

        var stopped = await Assert.ThrowsAsync<SyncException>(() => run.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(ErrorCode.Cancelled, Assert.Single(stopped.Errors).Code);
    }

    [Fact]
    public async Task A_resync_does_not_wait_for_its_next_request()
    {
        await using var fixture = await OpenAsync();
        // A pause of more than a second before each request.
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { RequestsPerMinute = 50 } };
        using var drain = new CancellationTokenSource();
        Stop(fixture, drain, IsLaterPage);

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["invoice"], Drain = drain.Token });

        Assert.Equal((RunStatus.Cancelled, ErrorCode.Cancelled), (report.Status, Assert.Single(report.Errors).Code));
        Assert.Empty(_after);
    }

    [Fact]
    public async Task A_long_wait_ends_and_a_short_one_does_not()
    {
        using var drain = new CancellationTokenSource();
        var waits = new EndingWaits(TimeProvider.System, drain.Token);
        var hour = waits.WaitAsync(TimeSpan.FromHours(1), CancellationToken.None);
        var moment = waits.WaitAsync(TimeSpan.FromMilliseconds(5), CancellationToken.None);

        await drain.CancelAsync();

        Assert.Equal(ErrorCode.Cancelled, (await Assert.ThrowsAsync<SyncException>(() => hour.WaitAsync(TimeSpan.FromSeconds(30)))).Errors[0].Code);
        await moment.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Any_other_command_sends_nothing_more_and_does_all_when_it_is_repeated()
    {
        await using var fixture = await OpenAsync();
        await fixture.ResyncAsync();
        var agent = (await fixture.RowsAsync("select bubble_id from agent order by 1 limit 1"))[0];
        var from = DateTimeOffset.UnixEpoch;
        Func<CancellationToken, Task<RunReport>>[] commands =
        [
            async token => (await fixture.Engine().SyncRecordsAsync("agent", [agent], force: false, null, token)).Run,
            async token => (await fixture.Engine().SyncRecordsInRangeAsync("customer", from, fixture.Clock.GetUtcNow(), force: false, null, token)).Run,
            token => fixture.Engine().SyncIncrementalAsync(new IncrementalOptions(), null, token),
            async token => (await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["customer"] }, null, token)).Run,
            async token => (await fixture.Engine().AuditValuesAsync(new ValueAuditOptions { Entities = ["customer"] }, null, token)).Run,
        ];

        foreach (var command in commands)
        {
            using var stop = new CancellationTokenSource();
            _before.Clear();
            Stop(fixture, stop, _ => _before.Count == 3);
            var report = await command(stop.Token);

            Assert.Equal((RunStatus.Cancelled, 3, 3L), (report.Status, _before.Count, report.Api.Calls));
            Assert.Empty(_after);
            fixture.Bubble.Traffic.OnRequest = null;
            Assert.Equal(RunStatus.Succeeded, (await command(fixture.Limit)).Status);
        }
    }

    // A request for one row is a count.
    private static bool IsLaterPage(SimulatedRequest request) =>
        request is { Type: "invoice", Cursor: > 0 } && !request.Line.Contains("limit=1&", StringComparison.Ordinal);

    private async Task<SyncFixture> OpenAsync()
    {
        var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 60 })).With(windowSize: 12, pageSize: 3);
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxConcurrency = 1 } };
        return fixture;
    }

    private void Stop(SyncFixture fixture, CancellationTokenSource stop, Func<SimulatedRequest, bool> isMoment) =>
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            (stop.IsCancellationRequested ? _after : _before).Enqueue(request);
            return !stop.IsCancellationRequested && isMoment(request) ? stop.CancelAsync() : Task.CompletedTask;
        };
}
