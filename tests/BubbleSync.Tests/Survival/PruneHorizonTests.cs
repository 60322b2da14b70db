using System.Globalization;
using BubbleSync.Etl;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>CONTRACT 5.12: of rows that came during a run, or whose record may have, the run's reading shows nothing.</summary>
public sealed class PruneHorizonTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData(PruneMode.Soft)]
    [InlineData(PruneMode.Hard)]
    public async Task A_row_that_the_application_writes_while_its_entity_is_read_stays(PruneMode mode)
    {
        await using var scene = await AgentsAsync(10);
        OnceRead(scene, () => InsertAsync(scene, 77));

        var report = await PruneAsync(scene, mode);

        Assert.Equal(("succeeded", 0L, 0L), (report.Status, report.Entities[0].Pruned, report.Entities[0].NotInBubble));
        Assert.Equal("1|0", await scene.RowAsync($"select count(*), count(deleted_in_bubble_at) from agent where bubble_id = '{Scene.Id(77)}'"));
    }

    [Fact]
    public async Task A_row_that_the_application_changes_while_its_entity_is_read_is_left_to_the_next_run()
    {
        await using var scene = await AgentsAsync(10);
        scene.Bubble.Records.Delete("agent", Scene.Id(3));
        OnceRead(scene, () => scene.ExecuteAsync($"update agent set introducer = 'mine' where bubble_id = '{Scene.Id(3)}'"));

        var first = await PruneAsync(scene, PruneMode.Hard);
        scene.Bubble.Traffic.OnRequest = null;
        var second = await PruneAsync(scene, PruneMode.Hard);

        Assert.Equal((0L, 1L), (first.Entities[0].Pruned, second.Entities[0].Pruned));
    }

    [Fact]
    public async Task A_row_whose_record_may_be_younger_than_the_bound_stays()
    {
        await using var scene = await AgentsAsync(10);
        var young = string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow().AddMinutes(5).ToUnixTimeMilliseconds()}x123456789012345678");
        await scene.ExecuteAsync($"insert into agent (bubble_id) values ('{young}'), ('{Scene.Id(88)}')");

        var report = await PruneAsync(scene, PruneMode.Hard);

        Assert.Equal((1L, 1L), (report.Entities[0].Pruned, report.Entities[0].NotInBubble));
        Assert.Equal([young], await scene.RowsAsync($"select bubble_id from agent where bubble_id not like '1769904000000x%'"));
    }

    [Fact]
    public async Task A_row_that_came_between_a_death_and_the_resume_stays()
    {
        await using var scene = await AgentsAsync(10);
        scene.Put("user", Scene.Record(50, Scene.Early));
        await scene.ResyncAsync(new ResyncOptions { Entities = ["agent", "user"], Prune = PruneMode.Hard, MaxCalls = 5 });
        await InsertAsync(scene, 77);

        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal(("succeeded", 0L), (report.Status, report.Entities.Single(e => e.Name == "agent").Pruned));
        Assert.Equal(1, await scene.ScalarAsync<long>($"select count(*) from agent where bubble_id = '{Scene.Id(77)}'"));
    }

    [Fact]
    public async Task Rows_that_are_marked_already_are_no_part_of_the_limit()
    {
        await using var scene = await AgentsAsync(35);
        for (var number = 1; number <= 25; number++)
            scene.Bubble.Records.Delete("agent", Scene.Id(number));
        await PruneAsync(scene, PruneMode.Soft, limit: 100);
        for (var number = 26; number <= 28; number++)
            scene.Bubble.Records.Delete("agent", Scene.Id(number));

        var refused = await PruneAsync(scene, PruneMode.Hard);

        Assert.Contains("3 of 10 rows would go, more than 20 %", Assert.Single(refused.Errors).Message, StringComparison.Ordinal);
        Assert.Equal(35, await scene.ScalarAsync<long>("select count(*) from agent"));
    }

    [Fact]
    public async Task Rows_that_the_run_itself_brings_are_no_part_of_the_limit()
    {
        await using var scene = await AgentsAsync(10);
        for (var number = 1; number <= 10; number++)
            scene.Bubble.Records.Delete("agent", Scene.Id(number));
        for (var number = 101; number <= 160; number++)
            scene.Put("agent", Scene.Record(number, Scene.Early));

        var refused = await PruneAsync(scene, PruneMode.Hard);

        Assert.Contains("10 of 10 rows would go, more than 20 %", Assert.Single(refused.Errors).Message, StringComparison.Ordinal);
        Assert.Equal(70, await scene.ScalarAsync<long>("select count(*) from agent"));
    }

    [Fact]
    public async Task More_rows_out_of_sight_than_the_limit_make_a_run_partial_and_nobody_is_told_to_prune_them()
    {
        await using var scene = await AgentsAsync(10);
        for (var number = 1; number <= 3; number++)
            scene.Bubble.Records.Delete("agent", Scene.Id(number));

        var outcome = await Bubblesync.RunAsync(scene, "resync", "--entity", "agent");
        var verified = await Bubblesync.RunAsync(scene, "verify", "--entity", "agent");

        Assert.Equal((1, 1), (outcome.Code, verified.Code));
        Assert.Contains("Bubble does not have 3 of 10 rows, more than 20 %", outcome.All, StringComparison.Ordinal);
        Assert.DoesNotContain("--prune", outcome.All, StringComparison.Ordinal);
        Assert.DoesNotContain("--prune", verified.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_pruned_before_a_run_died_is_in_the_report_of_its_resume()
    {
        await using var scene = (await AgentsAsync(10)).WithPatches(
            ("900-wait", "select pg_advisory_lock_shared(4711); select pg_advisory_unlock_shared(4711)"));
        scene.Bubble.Records.Delete("agent", Scene.Id(3));
        await using (var door = await Door.ShutAsync(scene, "select pg_advisory_lock(4711)"))
        {
            using var stop = new CancellationTokenSource();
            var run = scene.Engine().ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Hard }, null, stop.Token);
            await door.SomebodyWaitsAsync();
            await stop.CancelAsync();
            Assert.Equal("cancelled", (await run).Status);
        }

        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal(("succeeded", 1L), (report.Status, report.Entities[0].Pruned));
        Assert.Equal(1, await scene.ScalarAsync<long>(
            """
            select pruned from bubblesync.run_entity
            where entity = 'agent' and run_id = (select run_id from bubblesync.run order by started_at desc limit 1)
            """));
    }

    [Fact]
    public async Task A_record_that_no_window_showed_though_all_counts_agree_keeps_its_row_and_leaves_no_watermark()
    {
        await using var scene = await AgentsAsync(10);
        scene.Put("agent", $$"""{"_id": "{{Scene.Id(50)}}", "Modified Date": "{{Scene.Early}}"}""");
        Assert.Equal(1, (await scene.ResyncAsync("agent")).Entities[0].Inserted);
        var (isRead, isGone) = (false, false);
        scene.Bubble.Traffic.OnRequest = request =>
        {
            // After the first count a dated record comes in, before the last one another goes: the undated one is in no window, and no count shows it.
            if (request is { Type: "agent", Constraints.Length: > 0 } && !isRead)
            {
                isRead = true;
                scene.Put("agent", Scene.Record(60, Scene.Early, created: "2026-02-05T00:00:00.000Z"));
            }
            else if (request is { Type: "agent", Constraints: "" } && isRead && !isGone)
            {
                isGone = true;
                scene.Bubble.Records.Delete("agent", Scene.Id(1));
            }

            return Task.CompletedTask;
        };

        var report = await PruneAsync(scene, PruneMode.Hard);

        Assert.True(report.Status == "partial", report.ToJson());
        Assert.Contains(report.Errors, e => e.Code == "prune-refused" && e.Message.Contains("Bubble still has 1 of the records", StringComparison.Ordinal));
        Assert.Equal(1, await scene.ScalarAsync<long>($"select count(*) from agent where bubble_id = '{Scene.Id(50)}'"));
        Assert.Equal("false", await scene.ScalarAsync<string>($"select proof ->> 'isComplete' from bubblesync.run_entity where run_id = '{report.RunId}'"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Whatever_Bubble_the_application_and_death_do_a_row_whose_record_Bubble_has_is_never_gone(int seed)
    {
        var chance = new Random(seed);
        await using var scene = (await AgentsAsync(40)).With(windowSize: 10, pageSize: 4);
        var next = 1000;
        scene.Bubble.Traffic.OnRequest = async _ =>
        {
            var number = chance.Next(1, 41);
            switch (chance.Next(8))
            {
                case 0:
                    scene.Bubble.Records.Delete("agent", Scene.Id(number));
                    break;
                case 1:
                    // A record and, a moment later, the row that the application makes of it; or the other way round.
                    var id = NewId(Interlocked.Increment(ref next));
                    if (chance.Next(2) == 0)
                        Put(scene, id);
                    await scene.ExecuteAsync($"insert into agent (bubble_id) values ('{id}') on conflict do nothing");
                    Put(scene, id);
                    break;
                case 2:
                    await scene.ExecuteAsync($"update agent set introducer = 'mine' where bubble_id = '{Scene.Id(number)}'");
                    break;
            }
        };

        for (var round = 0; round < 4; round++)
        {
            var options = new ResyncOptions
            {
                Entities = ["agent"],
                Prune = chance.Next(2) == 0 ? PruneMode.Hard : PruneMode.Soft,
                PruneLimitPercent = 100,
                MaxCalls = chance.Next(3) == 0 ? chance.Next(3, 25) : null,
            };
            var report = await scene.ResyncAsync(options);
            if (report.Status == "failed")
                report = await scene.ResyncAsync(new ResyncOptions { Resume = true });

            var living = await scene.RowsAsync("select bubble_id from agent where deleted_in_bubble_at is null");
            var gone = scene.Bubble.Records.All("agent").Select(IdOf).Except(living);
            // What no run has read yet may be missing; what had a row must not be.
            var rows = await scene.RowsAsync("select bubble_id from agent");
            Assert.DoesNotContain(gone, id => id.StartsWith("1769904000000x", StringComparison.Ordinal) || rows.Contains(id));
        }

        scene.Bubble.Traffic.OnRequest = null;
        var last = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Hard, PruneLimitPercent = 100 });
        Assert.Equal("succeeded", last.Status);
        Assert.Equal(
            scene.Bubble.Records.All("agent").Select(IdOf).Order(StringComparer.Ordinal),
            (await scene.RowsAsync("select bubble_id from agent")).Order(StringComparer.Ordinal));
    }

    private static string NewId(int number) => string.Create(
        CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()}x{100_000_000_000_000_000 + number}");

    private static void Put(Scene scene, string id)
    {
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        scene.Put("agent", $$"""{"_id": "{{id}}", "Created Date": "{{now}}", "Modified Date": "{{now}}"}""");
    }

    private static string IdOf(string record) => System.Text.Json.Nodes.JsonNode.Parse(record)!["_id"]!.GetValue<string>();

    private static Task InsertAsync(Scene scene, int number) => scene.ExecuteAsync($"insert into agent (bubble_id) values ('{Scene.Id(number)}')");

    // After the first page of the entity's history.
    private static void OnceRead(Scene scene, Func<Task> act)
    {
        var isDone = false;
        scene.Bubble.Traffic.OnRequest = request =>
        {
            if (isDone || request.Constraints.Length == 0)
                return Task.CompletedTask;

            isDone = true;
            return act();
        };
    }

    private static Task<RunReport> PruneAsync(Scene scene, PruneMode mode, decimal limit = 20) =>
        scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = mode, PruneLimitPercent = limit });

    private async Task<Scene> AgentsAsync(int count)
    {
        var scene = await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 0 });
        for (var number = 1; number <= count; number++)
            scene.Put("agent", Scene.Record(number, Scene.Early, $"\"Name\": \"{number}\"", created: $"2026-02-{1 + (number % 25):00}T00:00:00.000Z"));
        await scene.ResyncAsync("agent");
        return scene;
    }
}
