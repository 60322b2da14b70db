using BubbleSync.Etl;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>Sessions of a run that an administrator, a pooler or a fail-over ends.</summary>
public sealed class TerminationTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Ours = "datname = current_database() and application_name like 'bubblesync %'";
    private const string HoldsLocks = "pid in (select pid from pg_locks where locktype = 'advisory')";

    /// <summary>The codes of errors that say that a session was lost, or that no new one could be had.</summary>
    internal static readonly string[] Clear = ["target-lost", "lock-lost", "target-failed", "target-unreachable", "target-refused"];

    [Fact]
    public async Task A_run_that_loses_all_its_sessions_while_it_reads_stops_and_goes_on_from_there()
    {
        await using var scene = await OpenAsync();
        var (isReading, mayGoOn) = Pages.StallOne(scene);
        var run = scene.ResyncAsync();
        await isReading.WaitAsync(scene.Limit);
        await scene.UntilAsync("select count(*) > 20 from bubblesync.\"window\"");

        await scene.RowsAsync($"select pg_terminate_backend(pid) from pg_stat_activity where {Ours}");
        mayGoOn.SetResult();
        var report = await run;

        Assert.Equal("failed", report.Status);
        Assert.Contains(report.Errors, e => Clear.Contains(e.Code));
        await AssertGoesOnAsync(scene);
    }

    [Fact]
    public async Task A_run_that_loses_its_locks_merges_nothing_more()
    {
        await using var scene = await OpenAsync();
        var (isReading, mayGoOn) = Pages.StallOne(scene);
        await using (var door = await Door.ShutAsync(scene, "lock table agent in exclusive mode"))
        {
            var run = scene.ResyncAsync();
            await isReading.WaitAsync(scene.Limit);
            await door.SomebodyWaitsAsync();
            // Else the merge of customers could find the loss first, and stop that of agents.
            await scene.UntilAsync("select exists (select from bubblesync.run_entity where entity = 'customer')");
            Assert.Equal(["true"], await scene.RowsAsync($"select pg_terminate_backend(pid) from pg_stat_activity where {Ours} and {HoldsLocks}"));
            await scene.UntilAsync($"select not exists (select from pg_stat_activity where {Ours} and {HoldsLocks})");
            await door.DisposeAsync();
            await scene.UntilAsync("select exists (select from bubblesync.run_entity where entity = 'agent')");
            mayGoOn.TrySetResult();
            var report = await run;

            Assert.Equal("failed", report.Status);
            Assert.Equal("lock-lost", report.Errors[0].Code);
            Assert.Contains("--resume", report.Errors[0].Message, StringComparison.Ordinal);
        }

        // Agents, whose merge was under way, and customers; nothing of a later level.
        Assert.Equal("0|0", await scene.RowAsync("select (select count(*) from \"user\"), (select count(*) from invoice)"));
        await AssertGoesOnAsync(scene);
    }

    [Fact]
    public async Task Patches_that_lose_their_locks_say_to_run_them_again()
    {
        await using var scene = (await OpenAsync()).WithPatches(("010-waits", "select pg_advisory_xact_lock(42)"), ("020-last", "select 1"));
        await using var door = await Door.ShutAsync(scene, "select pg_advisory_xact_lock(42)");
        var run = scene.Engine().PatchAsync([], scene.Limit);
        await door.SomebodyWaitsAsync();
        Assert.Equal(["true"], await scene.RowsAsync($"select pg_terminate_backend(pid) from pg_stat_activity where {Ours} and wait_event_type is distinct from 'Lock' and {HoldsLocks}"));
        await door.DisposeAsync();
        var report = await run;

        Assert.Equal(("failed", "lock-lost"), (report.Status, report.Errors[0].Code));
        Assert.Contains("run the same command again", report.Errors[0].Message, StringComparison.Ordinal);
        Assert.DoesNotContain("--resume", report.Errors[0].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("agent")]
    [InlineData("invoice_item")]
    public async Task A_merge_whose_session_is_ended_leaves_nothing_of_itself(string table)
    {
        await using var scene = await OpenAsync();
        await using (var door = await Door.ShutAsync(scene, $"lock table {table} in exclusive mode"))
        {
            var run = scene.ResyncAsync();
            await door.SomebodyWaitsAsync();
            Assert.NotEmpty(await scene.RowsAsync($"select pg_terminate_backend(pid) from pg_stat_activity where {Ours} and cardinality(pg_blocking_pids(pid)) > 0"));
            var report = await run;

            Assert.Equal("failed", report.Status);
            Assert.Contains(report.Errors, e => Clear.Contains(e.Code) && e.Entity == table);
        }

        Assert.Equal("0|0", await scene.RowAsync($"select (select count(*) from {table}), (select count(*) from bubblesync.run_entity where entity = '{table}')"));
        await AssertGoesOnAsync(scene);
    }

    private async Task<Scene> OpenAsync() =>
        (await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 })).With(windowSize: 12, pageSize: 5);

    private async Task AssertGoesOnAsync(Scene scene)
    {
        var known = await Pages.ProvedAsync(scene);
        var pages = new Pages(scene);
        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true });
        await using var calm = await OpenAsync();
        await calm.ResyncAsync();

        Assert.True(report.Status == "succeeded", report.ToJson());
        pages.AssertNotRead(known);
        Assert.Equal(await calm.EndStateAsync(), await scene.EndStateAsync());
        Assert.Empty(await scene.StagingAsync());
    }
}
