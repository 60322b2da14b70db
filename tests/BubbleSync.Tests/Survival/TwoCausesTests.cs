using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>A run that its user stops while the server fails too: the report names both.</summary>
public sealed class TwoCausesTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    // Every COPY into the staging of agents waits for a lock, and is then refused.
    private const string RefuseCopies =
        """
        create function public.refuse() returns trigger language plpgsql as $x$ begin
          perform pg_advisory_xact_lock(42);
          raise exception 'no space left on this device' using errcode = 'disk_full'; end $x$;
        create function public.watch() returns event_trigger language plpgsql as $x$ declare made record; begin
          for made in select * from pg_event_trigger_ddl_commands()
            where object_type = 'table' and schema_name = 'bubblesync_staging' and object_identity like '%.agent%' loop
            execute format('create trigger refuse before insert on %s for each row execute function public.refuse()', made.object_identity);
          end loop; end $x$;
        create event trigger watch on ddl_command_end when tag in ('CREATE TABLE') execute function public.watch()
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_copy_that_the_server_refuses_while_the_run_is_stopped_is_named_beside_the_stop(bool isDrained)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.UseAllSessions();
        await fixture.ExecuteAsync(RefuseCopies);
        var isStalled = StallCustomers(fixture);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(fixture.Limit);
        await using var heldLock = await HeldLock.ShutAsync(fixture, "select pg_advisory_xact_lock(42)");
        var options = new ResyncOptions { Entities = ["agent", "customer"], Drain = isDrained ? stop.Token : CancellationToken.None };
        var run = fixture.Engine().ResyncAsync(options, null, isDrained ? fixture.Limit : stop.Token);
        await UntilBothWaitAsync(run, heldLock, isStalled);

        await stop.CancelAsync();
        await heldLock.DisposeAsync();
        var report = await run;

        Assert.Equal((RunStatus.Cancelled, ErrorCode.Cancelled), (report.Status, report.Errors[0].Code));
        Assert.Contains(
            report.Errors, e => e is { Code: ErrorCode.TargetFull, Entity: "agent" } && e.Message.Contains("no space left", StringComparison.Ordinal));
        var log = await fixture.RowsAsync("select message from bubblesync.activity_log where level = 'error'");
        Assert.Contains(log, m => m.Contains("interrupted", StringComparison.Ordinal));
        Assert.Contains(log, m => m.Contains("no space left", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_copy_that_the_server_refuses_is_not_hidden_by_the_cancellations_that_follow()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.UseAllSessions();
        await fixture.ExecuteAsync(RefuseCopies);
        var isStalled = StallCustomers(fixture);
        await using var heldLock = await HeldLock.ShutAsync(fixture, "select pg_advisory_xact_lock(42)");
        var run = fixture.ResyncAsync("agent", "customer");
        await UntilBothWaitAsync(run, heldLock, isStalled);

        await heldLock.DisposeAsync();
        var report = await run;

        Assert.Equal((RunStatus.Failed, ErrorCode.TargetFull), (report.Status, Assert.Single(report.Errors).Code));
    }

    [Fact]
    public async Task A_stop_without_a_failure_is_the_only_cause()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.UseAllSessions();
        var isStalled = StallCustomers(fixture);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(fixture.Limit);
        var run = fixture.Engine().ResyncAsync(new ResyncOptions { Entities = ["agent", "customer"] }, null, stop.Token);
        await isStalled.WaitAsync(fixture.Limit);

        await stop.CancelAsync();
        var report = await run;

        Assert.Equal((RunStatus.Cancelled, ErrorCode.Cancelled), (report.Status, Assert.Single(report.Errors).Code));
    }

    private static async Task UntilBothWaitAsync(Task<RunReport> run, HeldLock heldLock, Task isStalled)
    {
        var both = Task.WhenAll(heldLock.SomebodyWaitsAsync(), isStalled);
        if (await Task.WhenAny(run, both) == run)
            Assert.Fail((await run).ToJson());

        await both;
    }

    // Agents are read; the page of customers never comes. Counts, which ask for one record, are answered.
    private static Task StallCustomers(SyncFixture fixture)
    {
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("Customer_Profile", SyncFixture.Record(2, SyncFixture.Early));
        var isStalled = new TaskCompletionSource();
        _ = new Pages(fixture, async (_, request) =>
        {
            if (request.Type != "customer_profile" || request.Line.Contains("limit=1&", StringComparison.Ordinal))
                return;

            isStalled.TrySetResult();
            await Task.Delay(Timeout.Infinite, fixture.Limit);
        });
        return isStalled.Task;
    }
}
