using BubbleSync.Etl;
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
        await using var scene = await ThreeOfTenBadAsync();

        var report = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent", "customer"], MaxRejects = new Limit((decimal)number, isPercent) });

        Assert.Equal(stops ? "failed" : "partial", report.Status);
        Assert.Equal(stops, report.Errors.Any(e => e.Code == "too-many-rejects"));
        Assert.Equal(stops ? 0 : 7, await scene.ScalarAsync<long>("select count(*) from agent"));
        // What was staged when the run stopped can be looked at.
        Assert.InRange(await scene.ScalarAsync<long>("select count(*) from bubblesync.rejected_record"), stops ? 0 : 3, 3);
    }

    [Fact]
    public async Task A_part_is_one_of_all_records_and_not_of_the_few_that_are_read_when_the_first_merge_begins()
    {
        // One request at a time, and each takes its time: the agents are there long before the users.
        await using var scene = await ThreeOfTenBadAsync(new SimulatorOptions { Invoices = 0, Latency = TimeSpan.FromMilliseconds(20) });
        scene.Settings = scene.Settings with { Bubble = scene.Settings.Bubble with { MaxConcurrency = 1 } };
        for (var number = 101; number <= 190; number++)
            scene.Put("user", Scene.Record(number, Scene.Early));

        var within = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent", "user"], MaxRejects = new Limit(3, true) });
        var beyond = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent", "user"], MaxRejects = new Limit(2.9m, true) });

        Assert.Equal(("partial", "failed"), (within.Status, beyond.Status));
        Assert.Contains("3 of 100 records were rejected", Assert.Single(beyond.Errors, e => e.Code == "too-many-rejects").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_with_too_many_rejects_ends_with_3_and_goes_on_with_a_larger_limit_without_reading_again()
    {
        await using var scene = await ThreeOfTenBadAsync();
        var stopped = await Bubblesync.RunAsync(scene, "resync", "--entity", "agent", "--max-rejects", "10%");
        var known = await Pages.ProvedAsync(scene);
        var pages = new Pages(scene);

        var again = await Bubblesync.RunAsync(scene, "resync", "--resume", "--max-rejects", "2");
        var done = await Bubblesync.RunAsync(scene, "resync", "--resume", "--max-rejects", "3");

        Assert.Equal((3, 3, 1), (stopped.Code, again.Code, done.Code));
        Assert.Contains("3 of 10 records were rejected, more than --max-rejects 10% allows", stopped.All, StringComparison.Ordinal);
        pages.AssertNotRead(known);
        Assert.Equal("7|3|partial", await scene.RowAsync("select (select count(*) from agent), (select count(*) from bubblesync.rejected_record), status from bubblesync.run"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(45)]
    public async Task No_more_calls_are_sent_than_allowed_and_run_after_run_gets_there(int budget)
    {
        await using var scene = (await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 20, Faults = ["500=3"] })).With(windowSize: 12, pageSize: 5);
        var report = await scene.ResyncAsync(new ResyncOptions { MaxCalls = budget });
        Assert.Equal(("failed", budget), (report.Status, report.Api.Calls));
        Assert.InRange(scene.Bubble.Traffic.Requests, 0, budget);
        Assert.Contains(report.Errors, e => e is { Code: "call-budget", Stage: "extract" });

        for (var runs = 0; report.Status == "failed"; runs++)
        {
            Assert.InRange(runs, 0, 10);
            Assert.Equal(await scene.RowsAsync("select entity from bubblesync.run_entity order by 1"), await FilledAsync(scene));
            var known = await Pages.ProvedAsync(scene);
            var pages = new Pages(scene);
            scene.Bubble.Traffic.Reset();
            var before = report.Api.Calls;
            report = await scene.ResyncAsync(new ResyncOptions { Resume = true, MaxCalls = 60 });
            pages.AssertNotRead(known);
            Assert.InRange(report.Api.Calls - before, 1, 60);
            // What is under way when the budget is spent may never have gone out.
            Assert.InRange(scene.Bubble.Traffic.Requests, 0, report.Api.Calls - before);
        }

        Assert.Equal("succeeded", report.Status);
        Assert.All(Maps.All, map => Assert.Equal(scene.Bubble.Records.Count(map.Type), report.Entities.Single(e => e.Name == map.Name).Inserted));
        Assert.Empty(await scene.StagingAsync());
    }

    [Fact]
    public async Task Rejects_of_a_reading_that_was_thrown_away_do_not_count()
    {
        await using var scene = await ThreeOfTenBadAsync();
        // One more record between the pages of the first reading: the window is read again.
        scene.Bubble.Traffic.OnRequest = request =>
        {
            if (request is { Type: "agent", Cursor: > 0 } && scene.Bubble.Records.Count("agent") == 10)
                scene.Put("agent", Scene.Record(0, Scene.Early));
            return Task.CompletedTask;
        };

        var report = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = new Limit(3, false) });

        Assert.Equal(("partial", 1), (report.Status, report.Entities[0].Proof!.Rereads));
    }

    [Fact]
    public async Task A_reject_that_was_read_twice_counts_once()
    {
        await using var scene = await ThreeOfTenBadAsync();
        // Modified after the upper bound: the catch-up reads it once more.
        scene.Put("agent", Scene.Record(10, TimeProvider.System.GetUtcNow().AddMinutes(1).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null), "\"Commission\": \"many\""));

        var report = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = new Limit(3, false) });

        Assert.Equal(("partial", 11L, 3L), (report.Status, report.Entities[0].Staged, report.Entities[0].Rejected));
    }

    [Fact]
    public async Task A_resumed_run_counts_the_rejects_of_what_had_merged_before_it_stopped()
    {
        await using var scene = await ThreeOfTenBadAsync();
        scene.Put("user", Scene.Record(1, Scene.Early, "\"Linked Agent Profile\": \"1x1\""));
        scene.Put("user", Scene.Record(2, "never"));
        using (var stop = new CancellationTokenSource())
        await using (var door = await Door.ShutAsync(scene, "lock table \"user\" in exclusive mode"))
        {
            var run = scene.Engine().ResyncAsync(new ResyncOptions { Entities = ["agent", "user"] }, null, stop.Token);
            await door.SomebodyWaitsAsync();
            await stop.CancelAsync();
            Assert.Equal("cancelled", (await run).Status);
        }

        Assert.Equal("agent|3", await scene.RowAsync("select entity, rejected from bubblesync.run_entity"));

        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true, MaxRejects = new Limit(3, false) });

        Assert.Equal("failed", report.Status);
        Assert.Contains("4 of 12 records were rejected", report.Errors[^1].Message, StringComparison.Ordinal);
    }

    private static async Task<List<string>> FilledAsync(Scene scene)
    {
        var filled = new List<string>();
        foreach (var map in Maps.All)
        {
            if (await scene.ScalarAsync<bool>($"select exists (select from \"{map.Table}\")"))
                filled.Add(map.Name);
        }

        return [.. filled.Order(StringComparer.Ordinal)];
    }

    private async Task<Scene> ThreeOfTenBadAsync(SimulatorOptions? options = null)
    {
        var scene = (await Scene.OpenAsync(postgres, options)).With(pageSize: 5);
        for (var number = 1; number <= 10; number++)
            scene.Put("agent", Scene.Record(number, Scene.Early, $"\"Commission\": {(number > 7 ? "\"many\"" : number)}"));
        return scene;
    }
}
