using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Diagnostics;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Scripts;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>Ctrl-C and SIGTERM: once ends the run in good order, twice ends it at once.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class InterruptionTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly TimeSpan Seconds = TimeSpan.FromSeconds(25);

    [UnixTheory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task Interrupted_once_a_run_keeps_what_it_has_proved_though_the_source_stalls(string signal)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 });
        (string, string)[] windows = [("Bubble__WindowSize", "12"), ("Bubble__PageSize", "5")];
        var isStalled = new TaskCompletionSource();
        _ = new Pages(fixture, async (number, request) =>
        {
            if (request.Type == "invoice" && request.Cursor > 0)
            {
                await fixture.UntilAsync("select count(*) > 5 from bubblesync.\"window\"");
                isStalled.TrySetResult();
                await Task.Delay(Timeout.Infinite, fixture.Limit);
            }
        });

        using var program = Bubblesync.Start(fixture, windows, "resync", "--output", "json");
        await isStalled.Task.WaitAsync(fixture.Limit);
        await program.SignalAsync(signal);
        var outcome = await program.EndAsync().WaitAsync(Seconds);

        Assert.Equal((130, "cancelled"), (outcome.Code, outcome.Json.GetProperty("status").GetString()));
        var said = Assert.Single(outcome.Error.Split('\n'), l => l.Contains("stop", StringComparison.OrdinalIgnoreCase));
        Assert.Contains(" records are read. The run ends the windows that it is reading, within 10 seconds. ", said, StringComparison.Ordinal);
        Assert.InRange(outcome.Json.GetProperty("read").GetInt64(), 1, 1000);
        Assert.Equal("cancelled|true", await fixture.RowAsync("select status, finished_at is not null from bubblesync.run"));
        var known = await Pages.ProvedAsync(fixture);
        Assert.True(known.Count > 5);

        var pages = new Pages(fixture);
        outcome = await Bubblesync.RunAsync(fixture, windows, "resync", "--resume");

        Assert.True(outcome.Code == 0, outcome.All);
        pages.AssertNotRead(known);
        Assert.Equal("20|succeeded", await fixture.RowAsync("select (select count(*) from invoice), status from bubblesync.run"));
    }

    [UnixTheory]
    [InlineData("sync", "incremental")]
    [InlineData("verify")]
    [InlineData("watch", "--every", "1h")]
    [InlineData("plan")]
    public async Task SIGTERM_ends_any_other_command_with_130_too(params string[] words)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5 });
        await fixture.ResyncAsync();
        var isStalled = new TaskCompletionSource();
        fixture.Bubble.Traffic.OnRequest = _ =>
        {
            isStalled.TrySetResult();
            return Task.Delay(Timeout.Infinite, fixture.Limit);
        };

        using var program = Bubblesync.Start(fixture, [], words);
        await isStalled.Task.WaitAsync(fixture.Limit);
        await program.SignalAsync("TERM");

        var outcome = await program.EndAsync().WaitAsync(Seconds);
        Assert.Equal(130, outcome.Code);
        Assert.Equal(words[0] != "plan", outcome.Error.Contains(". No further request is sent. ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Asked_to_end_a_run_finishes_the_windows_under_way_and_begins_no_other()
    {
        // Of the ten windows four are open at once.
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 120 })).With(windowSize: 12, pageSize: 5);
        using var drain = new CancellationTokenSource();
        _ = new Pages(fixture, (_, request) => request is { Type: "invoice", Cursor: 5 } ? drain.CancelAsync() : Task.CompletedTask);

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["invoice"], Drain = drain.Token });

        var kept = await Pages.ProvedAsync(fixture);
        Assert.Equal((RunStatus.Cancelled, 0L), (report.Status, await fixture.ScalarAsync<long>("select count(*) from invoice")));
        Assert.InRange(kept.Count, 1, 4);
        var pages = new Pages(fixture);
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync(new ResyncOptions { Resume = true })).Status);
        pages.AssertNotRead(kept);
    }

    [Fact]
    public async Task Asked_to_end_a_run_finishes_the_merges_under_way_and_begins_no_other()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 60 });
        using var drain = new CancellationTokenSource();
        var log = new ListLogger();
        RunReport report;
        await using (var heldLock = await HeldLock.ShutAsync(fixture, "lock table invoice_item in exclusive mode"))
        {
            var run = new SyncEngine(fixture.Settings, fixture.Clock, log).ResyncAsync(new ResyncOptions { Drain = drain.Token }, null, fixture.Limit);
            await heldLock.SomebodyWaitsAsync();
            // All others are merged, but for the one that waits for this merge.
            await fixture.UntilAsync("select count(*) = 6 from bubblesync.run_entity");
            await drain.CancelAsync();
            await heldLock.DisposeAsync();
            report = await run;
        }

        var merged = await fixture.RowsAsync($"select entity from bubblesync.run_entity where run_id = '{report.RunId}' order by 1");
        Assert.Equal(RunStatus.Cancelled, report.Status);
        Assert.Contains("invoice_item", merged);
        Assert.DoesNotContain("seda_registration", merged);
        var said = Assert.Single(log.Lines, l => l.Id.Id == SyncEngine.StopEvent).Text;
        // What was merged last may be kept, and still under way.
        Assert.Matches("^The run was asked to stop[.] It first ends ([02-9] windows|1 window) and (1 merge|2 merges)[.] ", said);
        Assert.Equal("0|0", await fixture.RowAsync("select (select count(*) from seda_registration), (select count(*) from bubblesync.missing_link)"));
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync(new ResyncOptions { Resume = true })).Status);
    }

    [UnixFact]
    public async Task Interrupted_twice_the_program_waits_for_nothing_more()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5 });
        var isStalled = new TaskCompletionSource();
        _ = new Pages(fixture, async (number, _) =>
        {
            isStalled.TrySetResult();
            await Task.Delay(Timeout.Infinite, fixture.Limit);
        });
        using var program = Bubblesync.Start(fixture, [], "resync");
        await isStalled.Task.WaitAsync(fixture.Limit);
        await using var heldLock = await HeldLock.ShutAsync(fixture, "lock table bubblesync.run, bubblesync.activity_log in exclusive mode");

        await program.SignalAsync("INT");
        await heldLock.SomebodyWaitsAsync();
        var ending = program.EndAsync();
        Assert.False(ending.IsCompleted);
        await program.SignalAsync("INT");

        Assert.Equal(130, (await ending.WaitAsync(Seconds)).Code);
    }
}
