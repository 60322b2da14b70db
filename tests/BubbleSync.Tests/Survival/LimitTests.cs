using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>--max-rejects and --max-calls: the run stops before it merges further, and can be resumed.</summary>
public sealed class LimitTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData(2, false, true)]
    [InlineData(3, false, false)]
    [InlineData(29.5, true, true)]
    [InlineData(30, true, false)]
    [InlineData(0, false, true)]
    public async Task More_rejects_than_allowed_stop_the_run_before_it_merges(double number, bool isPercent, bool stops)
    {
        await using var fixture = await ThreeOfTenBadAsync();

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent", "customer"], MaxRejects = new Limit((decimal)number, isPercent) });

        Assert.Equal(stops ? RunStatus.Failed : RunStatus.Partial, report.Status);
        Assert.Equal(stops, report.Errors.Any(e => e.Code == ErrorCode.TooManyRejects));
        Assert.Equal(stops ? 0 : 7, await fixture.ScalarAsync<long>("select count(*) from agent"));
        // What was staged when the run stopped can be looked at.
        Assert.InRange(await fixture.ScalarAsync<long>("select count(*) from bubblesync.rejected_record"), stops ? 0 : 3, 3);
    }

    [Fact]
    public async Task A_part_is_one_of_all_records_and_not_of_the_few_that_are_read_when_the_first_merge_begins()
    {
        // One request at a time, and each takes its time: the agents are there long before the users.
        await using var fixture = await ThreeOfTenBadAsync(new SimulatorOptions { Invoices = 0, Latency = TimeSpan.FromMilliseconds(20) });
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxConcurrency = 1 } };
        for (var number = 101; number <= 190; number++)
            fixture.Put("user", SyncFixture.Record(number, SyncFixture.Early));

        var within = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent", "user"], MaxRejects = new Limit(3, true) });
        var beyond = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent", "user"], MaxRejects = new Limit(2.9m, true) });

        Assert.Equal((RunStatus.Partial, RunStatus.Failed), (within.Status, beyond.Status));
        Assert.Contains(
            "3 of 100 records were rejected", Assert.Single(beyond.Errors, e => e.Code == ErrorCode.TooManyRejects).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_with_too_many_rejects_ends_with_3_and_goes_on_with_a_larger_limit_without_reading_again()
    {
        await using var fixture = await ThreeOfTenBadAsync();
        var stopped = await Bubblesync.RunAsync(fixture, "resync", "--entity", "agent", "--max-rejects", "10%");
        var known = await Pages.ProvedAsync(fixture);
        var pages = new Pages(fixture);

        var again = await Bubblesync.RunAsync(fixture, "resync", "--resume", "--max-rejects", "2");
        var done = await Bubblesync.RunAsync(fixture, "resync", "--resume", "--max-rejects", "3");

        Assert.Equal((3, 3, 1), (stopped.Code, again.Code, done.Code));
        Assert.Contains("3 of 10 records were rejected, more than the limit of 10%", stopped.All, StringComparison.Ordinal);
        pages.AssertNotRead(known);
        Assert.Equal("7|3|partial", await fixture.RowAsync("select (select count(*) from agent), (select count(*) from bubblesync.rejected_record), status "
            + "from bubblesync.run"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(45)]
    public async Task No_more_calls_are_sent_than_allowed_and_run_after_run_gets_there(int budget)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20, Faults = ["500=3"] }))
            .With(windowSize: 12, pageSize: 5);
        var report = await fixture.ResyncAsync(new ResyncOptions { MaxCalls = budget });
        Assert.Equal((RunStatus.Failed, budget), (report.Status, report.Api.Calls));
        Assert.InRange(fixture.Bubble.Traffic.Requests, 0, budget);
        Assert.Contains(report.Errors, e => e is { Code: ErrorCode.CallBudget, Stage: SyncStage.Extract });

        for (var runs = 0; report.Status == RunStatus.Failed; runs++)
        {
            Assert.InRange(runs, 0, 10);
            Assert.Equal(await fixture.RowsAsync("select entity from bubblesync.run_entity order by 1"), await FilledAsync(fixture));
            var known = await Pages.ProvedAsync(fixture);
            var pages = new Pages(fixture);
            fixture.Bubble.Traffic.Reset();
            var before = report.Api.Calls;
            report = await fixture.ResyncAsync(new ResyncOptions { Resume = true, MaxCalls = 60 });
            pages.AssertNotRead(known);
            Assert.InRange(report.Api.Calls - before, 1, 60);
            // What is under way when the budget is spent may never have gone out.
            Assert.InRange(fixture.Bubble.Traffic.Requests, 0, report.Api.Calls - before);
        }

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.All(Maps.All, map => Assert.Equal(fixture.Bubble.Records.Count(map.Type), report.Entities.Single(e => e.Name == map.Name).Inserted));
        Assert.Empty(await fixture.StagingAsync());
    }

    [Fact]
    public async Task Rejects_of_a_reading_that_was_thrown_away_do_not_count()
    {
        await using var fixture = await ThreeOfTenBadAsync();
        // One more record between the pages of the first reading: the window is read again.
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            if (request is { Type: "agent", Cursor: > 0 } && fixture.Bubble.Records.Count("agent") == 10)
                fixture.Put("agent", SyncFixture.Record(0, SyncFixture.Early));
            return Task.CompletedTask;
        };

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = new Limit(3, false) });

        Assert.Equal((RunStatus.Partial, 1), (report.Status, report.Entities[0].Proof!.Rereads));
    }

    [Fact]
    public async Task A_reject_that_was_read_twice_counts_once()
    {
        await using var fixture = await ThreeOfTenBadAsync();
        // Modified after the upper bound: the catch-up reads it once more.
        fixture.Put("agent", SyncFixture.Record(
            10, TimeProvider.System.GetUtcNow().AddMinutes(1).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null), "\"Commission\": \"many\""));

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = new Limit(3, false) });

        Assert.Equal((RunStatus.Partial, 11L, 3L), (report.Status, report.Entities[0].Staged, report.Entities[0].Rejected));
    }

    [Fact]
    public async Task A_resumed_run_counts_the_rejects_of_what_had_merged_before_it_stopped()
    {
        await using var fixture = await ThreeOfTenBadAsync();
        fixture.Put("user", SyncFixture.Record(1, SyncFixture.Early, "\"Linked Agent Profile\": \"1x1\""));
        fixture.Put("user", SyncFixture.Record(2, "never"));
        using (var stop = new CancellationTokenSource())
        await using (var heldLock = await HeldLock.ShutAsync(fixture, "lock table \"user\" in exclusive mode"))
        {
            var run = fixture.Engine().ResyncAsync(new ResyncOptions { Entities = ["agent", "user"] }, null, stop.Token);
            await heldLock.SomebodyWaitsAsync();
            await stop.CancelAsync();
            Assert.Equal(RunStatus.Cancelled, (await run).Status);
        }

        Assert.Equal("agent|3", await fixture.RowAsync("select entity, rejected from bubblesync.run_entity"));

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true, MaxRejects = new Limit(3, false) });

        Assert.Equal(RunStatus.Failed, report.Status);
        Assert.Contains("4 of 12 records were rejected", report.Errors[^1].Message, StringComparison.Ordinal);
    }

    private static async Task<List<string>> FilledAsync(SyncFixture fixture)
    {
        var filled = new List<string>();
        foreach (var map in Maps.All)
        {
            if (await fixture.ScalarAsync<bool>($"select exists (select from \"{map.Table}\")"))
                filled.Add(map.Name);
        }

        return [.. filled.Order(StringComparer.Ordinal)];
    }

    private async Task<SyncFixture> ThreeOfTenBadAsync(SimulatorOptions? options = null)
    {
        var fixture = (await SyncFixture.OpenAsync(postgres, options)).With(pageSize: 5);
        for (var number = 1; number <= 10; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Commission\": {(number > 7 ? "\"many\"" : number)}"));
        return fixture;
    }
}
