using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>One run at a time for each table, and a dead one stands in nobody's way.</summary>
public sealed class LockTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Runs = "select status, finished_at is not null from bubblesync.run order by started_at";

    [Fact]
    public async Task A_resumed_run_that_lives_is_not_taken_for_dead_by_another()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 50 });
        await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxCalls = 1 });
        var isReading = Stalled(fixture, "agent", out var mayEnd);
        var resumed = fixture.ResyncAsync(new ResyncOptions { Resume = true });
        await isReading.WaitAsync(fixture.Limit);

        await fixture.ResyncAsync("customer");

        var between = await fixture.RowsAsync("select status from bubblesync.run order by started_at");
        mayEnd.SetResult();
        Assert.Equal(RunStatus.Succeeded, (await resumed).Status);
        Assert.Equal(["running", "succeeded"], between);
    }

    [Fact]
    public async Task A_killed_run_blocks_nobody_and_is_known_to_have_failed_once_the_next_begins()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5 });
        var isReading = Stalled(fixture, "");
        using (var program = Bubblesync.Start(fixture, [], "resync"))
        {
            await isReading.WaitAsync(fixture.Limit);
            program.Kill();
            await program.EndAsync();
        }

        var left = await fixture.RowAsync(Runs);
        fixture.Bubble.Traffic.OnRequest = null;
        var outcome = await Bubblesync.RunAsync(fixture, "resync");

        Assert.Equal(("running|false", 0), (left, outcome.Code));
        Assert.Equal(["failed|true", "succeeded|true"], await fixture.RowsAsync(Runs));
        Assert.Empty(await fixture.StagingAsync());
    }

    [Fact]
    public async Task Runs_over_different_tables_go_side_by_side_and_the_later_takes_nothing_from_the_earlier()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 50 });
        var isReading = Stalled(fixture, "agent", out var mayEnd);
        var first = fixture.ResyncAsync("agent");
        await isReading.WaitAsync(fixture.Limit);

        var second = await fixture.ResyncAsync("customer");
        var between = await fixture.RowsAsync(Runs);
        mayEnd.SetResult();

        Assert.Equal(RunStatus.Succeeded, second.Status);
        Assert.Equal(["running|false", "succeeded|true"], between);
        Assert.Equal(RunStatus.Succeeded, (await first).Status);
    }

    [Fact]
    public async Task The_same_tables_of_another_schema_are_other_tables()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 50 });
        await fixture.ExecuteAsync("create schema mirror");
        var here = fixture.Settings;
        var there = here with { Postgres = here.Postgres with { Schema = "mirror" } };
        var isReading = Stalled(fixture, "agent", out var mayEnd);
        var first = fixture.ResyncAsync("agent");
        await isReading.WaitAsync(fixture.Limit);
        fixture.Bubble.Traffic.OnRequest = null;

        fixture.Settings = there;
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        var second = await fixture.ResyncAsync("agent");
        mayEnd.SetResult();

        Assert.Equal((RunStatus.Succeeded, RunStatus.Succeeded), (second.Status, (await first).Status));
        Assert.Equal("2|2", await fixture.RowAsync("select (select count(*) from mirror.agent), (select count(*) from public.agent)"));
    }

    [Fact]
    public async Task The_lock_keeps_no_snapshot_that_would_hold_back_a_vacuum()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5 });
        var isReading = Stalled(fixture, "agent", out var mayEnd);
        var run = fixture.ResyncAsync();
        await isReading.WaitAsync(fixture.Limit);

        const string Holder = "datname = current_database() and pid in (select l.pid from pg_locks l, bubblesync.run r "
            + "where l.locktype = 'advisory' and l.granted and r.status = 'running' and ((l.classid::bigint << 32) | l.objid::bigint) = "
            + "hashtextextended('bubblesync run ' || r.run_id, 0))";
        await fixture.UntilAsync($"select exists (select from pg_stat_activity where {Holder} and state = 'idle in transaction')");
        var held = await fixture.RowsAsync($"select backend_xmin is null, backend_xid is null from pg_stat_activity where {Holder}");
        mayEnd.SetResult();

        Assert.Equal(["true|true"], held);
        Assert.Equal(RunStatus.Succeeded, (await run).Status);
    }

    [Fact]
    public async Task A_session_with_the_name_of_a_dead_run_does_not_make_it_live()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var runId = (await fixture.ResyncAsync("agent")).RunId;
        await fixture.ExecuteAsync("update bubblesync.run set status = 'running', finished_at = null, result = null");
        var named = new NpgsqlConnectionStringBuilder(fixture.Connection) { ApplicationName = $"bubblesync {runId}", Pooling = false };
        await using var session = new NpgsqlConnection(named.ConnectionString);
        await session.OpenAsync(fixture.Limit);

        await using var archive = await fixture.Engine().OpenArchiveAsync(fixture.Limit);

        Assert.True(Assert.Single(await archive.ListAsync(9, null, null, fixture.Limit)).Died);
    }

    [Fact]
    public async Task A_run_that_lives_is_not_resumed_by_another_process()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5 });
        var isReading = Stalled(fixture, "agent", out var mayEnd);
        var run = fixture.ResyncAsync();
        await isReading.WaitAsync(fixture.Limit);

        var resumed = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync(new ResyncOptions { Resume = true }));
        mayEnd.SetResult();

        Assert.Equal(ErrorCode.Locked, resumed.Errors[0].Code);
        Assert.Equal(RunStatus.Succeeded, (await run).Status);
    }

    private static Task Stalled(SyncFixture fixture, string type) => Stalled(fixture, type, out _);

    // Every request for a type waits; tells when the first one does.
    private static Task Stalled(SyncFixture fixture, string type, out TaskCompletionSource mayEnd)
    {
        var (isReading, opened) = (new TaskCompletionSource(), new TaskCompletionSource());
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            if (type.Length > 0 && request.Type != type)
                return Task.CompletedTask;

            isReading.TrySetResult();
            return opened.Task;
        };
        mayEnd = opened;
        return isReading.Task;
    }
}
