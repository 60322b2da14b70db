using System.Net;
using BubbleSync.Server.Runs;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Server;

/// <summary>Runs of the server, by its API.</summary>
public sealed class ServerRunTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Each_kind_of_run_ends_with_the_result_of_its_command()
    {
        await using var server = await ServerFixture.StartAsync(postgres, options: new SimulatorOptions { Invoices = 20 });
        var invoice = "";

        var resync = await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Resync }, server.Limit);
        invoice = (await server.Sync.ScalarAsync<string>("select bubble_id from invoice order by 1 limit 1"))!;
        var one = await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Invoice, Ids = [invoice], Force = true }, server.Limit);
        var record = await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Record, Entity = "invoice", Ids = [invoice] }, server.Limit);
        var range = await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Range, From = DateTimeOffset.UnixEpoch }, server.Limit);
        var changes = await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Incremental }, server.Limit);
        var verify = await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Verify, ByCounts = true }, server.Limit);

        Assert.Equal(["resync", "sync invoice", "sync record", "sync range", "incremental", "verify"],
            new[] { resync, one, record, range, changes, verify }.Select(r => $"{r["kind"]}"));
        Assert.All([resync, one, record, range, changes, verify], r => Assert.Equal("succeeded", $"{r["status"]}"));
        Assert.Equal(20, resync["entities"]!.AsArray().Single(e => $"{e!["name"]}" == "invoice")!["inserted"]!.GetValue<int>());
        Assert.Equal(invoice, $"{Assert.Single(one["results"]!.AsArray())!["invoiceId"]}");
        Assert.Equal(20, range["results"]!["total"]!.GetValue<int>());
        Assert.True(verify["success"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Two_equal_orders_at_once_start_one_run_and_a_key_names_its_run_for_good()
    {
        await using var server = await ServerFixture.StartAsync(postgres);
        using var held = new SemaphoreSlim(0);
        server.Sync.Bubble.Traffic.OnRequest = async _ => await held.WaitAsync(server.Limit);
        var order = new RunOrder { Kind = SyncKind.Resync, Entities = ["agent"] };

        var runs = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => server.Api.SyncAsync(order)));
        var other = await server.Api.SyncAsync(new RunOrder { Kind = SyncKind.Resync, Entities = ["user"] }, "button-7");
        held.Release(10_000);
        await server.Get<RunRegistry>().Find(other.RunId)!.Ended.WaitAsync(server.Limit);
        var again = await server.Api.SyncAsync(new RunOrder { Kind = SyncKind.Resync, Entities = ["user"] }, "button-7");
        using var reused = await server.Api.PostSyncAsync(order, "button-7");

        Assert.Single(runs.Select(run => run.RunId).Distinct());
        Assert.Single(runs, run => run.IsNew);
        Assert.Equal((other.RunId, false), (again.RunId, again.IsNew));
        Assert.Equal(HttpStatusCode.Conflict, reused.StatusCode);
        Assert.Equal(2, await server.Sync.ScalarAsync<long>("select count(*) from bubblesync.run"));
    }

    [Fact]
    public async Task Ten_watchers_see_a_run_to_its_end_and_one_who_reads_nothing_holds_up_nobody()
    {
        await using var server = await ServerFixture.StartAsync(postgres, options: new SimulatorOptions { Invoices = 20 });
        using var held = new SemaphoreSlim(0);
        server.Sync.Bubble.Traffic.OnRequest = async _ => await held.WaitAsync(server.Limit);
        var run = await server.Api.SyncAsync(new RunOrder { Kind = SyncKind.Resync });

        var idle = server.Get<RunRegistry>().Find(run.RunId)!.WatchAsync(server.Limit).GetAsyncEnumerator();
        Assert.True(await idle.MoveNextAsync());
        var watched = Enumerable.Range(0, 10).Select(async _ => await server.Api.WatchAsync(run.RunId, server.Limit).ToListAsync(server.Limit)).ToList();
        held.Release(100_000);
        var seen = await Task.WhenAll(watched);

        Assert.All(seen, views => Assert.Equal(RunPhase.Succeeded, views[^1].Status));
        Assert.All(seen, views => Assert.All(views[..^1], view => Assert.False(view.HasEnded)));
        Assert.All(seen, views => Assert.Equal(20, views[^1].Progress!.Entities.Single(e => e.Name == "invoice").Read));
        await idle.DisposeAsync();
    }

    [Fact]
    public async Task A_cancelled_run_ends_in_good_order_and_its_resume_does_the_rest()
    {
        await using var server = await ServerFixture.StartAsync(postgres, options: new SimulatorOptions { Invoices = 20 });
        using var held = new SemaphoreSlim(0);
        server.Sync.Bubble.Traffic.OnRequest = async _ => await held.WaitAsync(server.Limit);
        var run = await server.Api.SyncAsync(new RunOrder { Kind = SyncKind.Resync });
        await server.Sync.UntilAsync("select to_regclass('bubblesync.run') is not null");
        await server.Sync.UntilAsync("select exists (select from bubblesync.run)");

        var cancelled = await server.Api.CancelAsync(run.RunId);
        held.Release(100_000);
        await server.Get<RunRegistry>().Find(run.RunId)!.Ended.WaitAsync(server.Limit);
        var ended = await server.Api.RunAsync(run.RunId);
        var resumed = await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Resync, Run = run.RunId }, server.Limit);

        Assert.Equal((HttpStatusCode.Accepted, "cancelled"), (cancelled, $"{ended["status"]}"));
        Assert.Equal(("succeeded", $"{run.RunId}"), ($"{resumed["status"]}", $"{resumed["runId"]}"));
        Assert.Equal(HttpStatusCode.Conflict, await server.Api.CancelAsync(run.RunId));
    }

    [Fact]
    public async Task A_second_server_over_the_same_tables_runs_nothing_twice()
    {
        await using var first = await ServerFixture.StartAsync(postgres, options: new SimulatorOptions { Invoices = 20 });
        using var held = new SemaphoreSlim(0);
        first.Sync.Bubble.Traffic.OnRequest = async _ => await held.WaitAsync(first.Limit);
        var order = new RunOrder { Kind = SyncKind.Resync };
        var run = await first.Api.SyncAsync(order);
        await first.Sync.UntilAsync("select to_regclass('bubblesync.run') is not null");
        await first.Sync.UntilAsync("select exists (select from bubblesync.run)");

        var second = await ServerFixture.StartAsync(first.Sync);
        var refused = await second.Api.FinishAsync(order, first.Limit);
        await second.StopAsync();
        held.Release(100_000);
        await first.Get<RunRegistry>().Find(run.RunId)!.Ended.WaitAsync(first.Limit);

        Assert.Equal(("failed", "locked"), ($"{refused["status"]}", $"{refused["errors"]![0]!["code"]}"));
        Assert.Equal(1, await first.Sync.ScalarAsync<long>("select count(*) from bubblesync.run"));
    }

    [Fact]
    public async Task A_server_that_ends_lets_its_run_end_and_the_next_one_resumes_what_a_crash_cut_off()
    {
        var sync = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 });
        Guid run;
        using (var held = new SemaphoreSlim(0))
        {
            sync.Bubble.Traffic.OnRequest = async _ => await held.WaitAsync(sync.Limit);
            var first = await ServerFixture.StartAsync(sync);
            run = (await first.Api.SyncAsync(new RunOrder { Kind = SyncKind.Resync })).RunId;
            await sync.UntilAsync("select to_regclass('bubblesync.run') is not null");
            await sync.UntilAsync("select exists (select from bubblesync.run)");
            await using var watched = first.Api.WatchAsync(run, sync.Limit).GetAsyncEnumerator(sync.Limit);
            Assert.True(await watched.MoveNextAsync());
            var stopping = first.StopAsync();
            // An open stream does not keep the server: it ends while the run is still under way.
            while (await watched.MoveNextAsync())
                Assert.False(watched.Current.HasEnded);
            held.Release(100_000);
            await stopping;
            sync.Bubble.Traffic.OnRequest = null;
        }

        Assert.Equal("cancelled", await sync.ScalarAsync<string>("select status from bubblesync.run"));
        // As a killed process leaves it.
        await sync.ExecuteAsync("update bubblesync.run set status = 'running', finished_at = null, result = null");

        await using var second = await ServerFixture.StartAsync(sync);
        await sync.UntilAsync("select status = 'succeeded' from bubblesync.run");

        Assert.Equal(20, await sync.ScalarAsync<long>("select count(*) from invoice"));
        Assert.Equal(run, await sync.ScalarAsync<Guid>("select run_id from bubblesync.run"));
    }
}
