using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>Sessions of a run that an administrator, a pooler or a fail-over ends.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class TerminationTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Ours = "datname = current_database() and application_name like 'bubblesync %'";
    private const string HoldsLocks = "pid in (select pid from pg_locks where locktype = 'advisory')";

    /// <summary>The codes of errors that say that a session was lost, or that no new one could be had.</summary>
    internal static readonly ErrorCode[] Clear =
    [
        ErrorCode.TargetLost, ErrorCode.LockLost, ErrorCode.TargetFailed, ErrorCode.TargetUnreachable, ErrorCode.TargetRefused,
    ];

    [Fact]
    public async Task A_run_that_loses_all_its_sessions_while_it_reads_stops_and_goes_on_from_there()
    {
        await using var fixture = await OpenAsync();
        fixture.UseAllSessions();
        var (isReading, mayGoOn) = Pages.StallOne(fixture);
        var run = fixture.ResyncAsync();
        await isReading.WaitAsync(fixture.Limit);
        await fixture.UntilAsync("select count(*) > 20 from bubblesync.\"window\"");

        await fixture.RowsAsync($"select pg_terminate_backend(pid) from pg_stat_activity where {Ours}");
        mayGoOn.SetResult();
        var report = await run;

        Assert.Equal(RunStatus.Failed, report.Status);
        Assert.Contains(report.Errors, e => Clear.Contains(e.Code));
        await AssertGoesOnAsync(fixture);
    }

    [Fact]
    public async Task A_run_that_loses_its_locks_merges_nothing_more()
    {
        await using var fixture = await OpenAsync();
        var (isReading, mayGoOn) = Pages.StallOne(fixture);
        await using (var heldLock = await HeldLock.ShutAsync(fixture, "lock table agent in exclusive mode"))
        {
            var run = fixture.ResyncAsync();
            await isReading.WaitAsync(fixture.Limit);
            await heldLock.SomebodyWaitsAsync();
            // Else the merge of customers could find the loss first, and stop that of agents.
            await fixture.UntilAsync("select exists (select from bubblesync.run_entity where entity = 'customer')");
            Assert.Equal(["true"], await fixture.RowsAsync($"select pg_terminate_backend(pid) from pg_stat_activity where {Ours} and {HoldsLocks}"));
            await fixture.UntilAsync($"select not exists (select from pg_stat_activity where {Ours} and {HoldsLocks})");
            await heldLock.DisposeAsync();
            await fixture.UntilAsync("select exists (select from bubblesync.run_entity where entity = 'agent')");
            mayGoOn.TrySetResult();
            var report = await run;

            Assert.Equal(RunStatus.Failed, report.Status);
            Assert.Equal(ErrorCode.LockLost, report.Errors[0].Code);
            Assert.Contains(report.NextActions, a => a.Kind == NextActionKind.Resume);
        }

        // Agents, whose merge was under way, and customers; nothing of a later level.
        Assert.Equal("0|0", await fixture.RowAsync("select (select count(*) from \"user\"), (select count(*) from invoice)"));
        await AssertGoesOnAsync(fixture);
    }

    [Fact]
    public async Task Patches_that_lose_their_locks_say_to_run_them_again()
    {
        await using var fixture = (await OpenAsync()).WithPatches(("010-waits", "select pg_advisory_xact_lock(42)"), ("020-last", "select 1"));
        await using var heldLock = await HeldLock.ShutAsync(fixture, "select pg_advisory_xact_lock(42)");
        var run = fixture.Engine().PatchAsync([], fixture.Limit);
        await heldLock.SomebodyWaitsAsync();
        Assert.Equal(["true"], await fixture.RowsAsync($"select pg_terminate_backend(pid) from pg_stat_activity where {Ours} and wait_event_type is distinct "
            + $"from 'Lock' and {HoldsLocks}"));
        await heldLock.DisposeAsync();
        var report = await run;

        Assert.Equal((RunStatus.Failed, ErrorCode.LockLost), (report.Status, report.Errors[0].Code));
        Assert.Contains("run the same command again", report.Errors[0].Message, StringComparison.Ordinal);
        Assert.DoesNotContain("--resume", report.Errors[0].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("agent")]
    [InlineData("invoice_item")]
    public async Task A_merge_whose_session_is_ended_leaves_nothing_of_itself(string table)
    {
        await using var fixture = await OpenAsync();
        await using (var heldLock = await HeldLock.ShutAsync(fixture, $"lock table {table} in exclusive mode"))
        {
            var run = fixture.ResyncAsync();
            await heldLock.SomebodyWaitsAsync();
            Assert.NotEmpty(
                await fixture.RowsAsync($"select pg_terminate_backend(pid) from pg_stat_activity where {Ours} and cardinality(pg_blocking_pids(pid)) > 0"));
            var report = await run;

            Assert.Equal(RunStatus.Failed, report.Status);
            Assert.Contains(report.Errors, e => Clear.Contains(e.Code) && e.Entity == table);
        }

        Assert.Equal("0|0", await fixture.RowAsync($"select (select count(*) from {table}), (select count(*) from bubblesync.run_entity where entity "
            + $"= '{table}')"));
        await AssertGoesOnAsync(fixture);
    }

    private async Task<SyncFixture> OpenAsync() =>
        (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 })).With(windowSize: 12, pageSize: 5);

    private async Task AssertGoesOnAsync(SyncFixture fixture)
    {
        var known = await Pages.ProvedAsync(fixture);
        var pages = new Pages(fixture);
        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });
        await using var calm = await OpenAsync();
        await calm.ResyncAsync();

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        pages.AssertNotRead(known);
        Assert.Equal(await calm.EndStateAsync(), await fixture.EndStateAsync());
        Assert.Empty(await fixture.StagingAsync());
    }
}
