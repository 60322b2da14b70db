using System.Globalization;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
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
        await using var fixture = await AgentsAsync(10);
        OnceRead(fixture, () => InsertAsync(fixture, 77));

        var report = await PruneAsync(fixture, mode);

        Assert.Equal((RunStatus.Succeeded, 0L, 0L), (report.Status, report.Entities[0].Pruned, report.Entities[0].NotInBubble));
        Assert.Equal("1|0", await fixture.RowAsync($"select count(*), count(deleted_in_bubble_at) from agent where bubble_id = '{SyncFixture.Id(77)}'"));
    }

    [Fact]
    public async Task A_row_that_the_application_changes_while_its_entity_is_read_is_left_to_the_next_run()
    {
        await using var fixture = await AgentsAsync(10);
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(3));
        OnceRead(fixture, () => fixture.ExecuteAsync($"update agent set introducer = 'mine' where bubble_id = '{SyncFixture.Id(3)}'"));

        var first = await PruneAsync(fixture, PruneMode.Hard);
        fixture.Bubble.Traffic.OnRequest = null;
        var second = await PruneAsync(fixture, PruneMode.Hard);

        Assert.Equal((0L, 1L), (first.Entities[0].Pruned, second.Entities[0].Pruned));
    }

    [Fact]
    public async Task A_row_whose_record_may_be_younger_than_the_bound_stays()
    {
        await using var fixture = await AgentsAsync(10);
        var young = string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow().AddMinutes(5).ToUnixTimeMilliseconds()}x123456789012345678");
        await fixture.ExecuteAsync($"insert into agent (bubble_id) values ('{young}'), ('{SyncFixture.Id(88)}')");

        var report = await PruneAsync(fixture, PruneMode.Hard);

        Assert.Equal((1L, 1L), (report.Entities[0].Pruned, report.Entities[0].NotInBubble));
        Assert.Equal([young], await fixture.RowsAsync($"select bubble_id from agent where bubble_id not like '1769904000000x%'"));
    }

    [Fact]
    public async Task A_row_that_came_between_a_death_and_the_resume_stays()
    {
        await using var fixture = await AgentsAsync(10);
        fixture.Put("user", SyncFixture.Record(50, SyncFixture.Early));
        await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent", "user"], Prune = PruneMode.Hard, MaxCalls = 5 });
        await InsertAsync(fixture, 77);

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Succeeded, 0L), (report.Status, report.Entities.Single(e => e.Name == "agent").Pruned));
        Assert.Equal(1, await fixture.ScalarAsync<long>($"select count(*) from agent where bubble_id = '{SyncFixture.Id(77)}'"));
    }

    [Fact]
    public async Task Rows_that_are_marked_already_are_no_part_of_the_limit()
    {
        await using var fixture = await AgentsAsync(35);
        for (var number = 1; number <= 25; number++)
            fixture.Bubble.Records.Delete("agent", SyncFixture.Id(number));
        await PruneAsync(fixture, PruneMode.Soft, limit: 100);
        for (var number = 26; number <= 28; number++)
            fixture.Bubble.Records.Delete("agent", SyncFixture.Id(number));

        var refused = await PruneAsync(fixture, PruneMode.Hard);

        Assert.Contains("3 of 10 rows would go, more than 20 %", Assert.Single(refused.Errors).Message, StringComparison.Ordinal);
        Assert.Equal(35, await fixture.ScalarAsync<long>("select count(*) from agent"));
    }

    [Fact]
    public async Task Rows_that_the_run_itself_brings_are_no_part_of_the_limit()
    {
        await using var fixture = await AgentsAsync(10);
        for (var number = 1; number <= 10; number++)
            fixture.Bubble.Records.Delete("agent", SyncFixture.Id(number));
        for (var number = 101; number <= 160; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));

        var refused = await PruneAsync(fixture, PruneMode.Hard);

        Assert.Contains("10 of 10 rows would go, more than 20 %", Assert.Single(refused.Errors).Message, StringComparison.Ordinal);
        Assert.Equal(70, await fixture.ScalarAsync<long>("select count(*) from agent"));
    }

    [Fact]
    public async Task More_rows_out_of_sight_than_the_limit_make_a_run_partial_and_nobody_is_told_to_prune_them()
    {
        await using var fixture = await AgentsAsync(10);
        for (var number = 1; number <= 3; number++)
            fixture.Bubble.Records.Delete("agent", SyncFixture.Id(number));

        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--entity", "agent");
        var verified = await Bubblesync.RunAsync(fixture, "verify", "--entity", "agent");

        Assert.Equal((1, 1), (outcome.Code, verified.Code));
        Assert.Contains("Bubble does not have 3 of 10 rows, more than 20 %", outcome.All, StringComparison.Ordinal);
        Assert.DoesNotContain("--prune", outcome.All, StringComparison.Ordinal);
        Assert.DoesNotContain("--prune", verified.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_pruned_before_a_run_died_is_in_the_report_of_its_resume()
    {
        await using var fixture = (await AgentsAsync(10)).WithPatches(
            ("900-wait", "select pg_advisory_xact_lock_shared(4711)"));
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(3));
        await using (var heldLock = await HeldLock.ShutAsync(fixture, "select pg_advisory_lock(4711)"))
        {
            using var stop = new CancellationTokenSource();
            var run = fixture.Engine().ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Hard }, null, stop.Token);
            await heldLock.SomebodyWaitsAsync();
            await stop.CancelAsync();
            Assert.Equal(RunStatus.Cancelled, (await run).Status);
        }

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Succeeded, 1L), (report.Status, report.Entities[0].Pruned));
        Assert.Equal(1, await fixture.ScalarAsync<long>(
            """
            select pruned from bubblesync.run_entity
            where entity = 'agent' and run_id = (select run_id from bubblesync.run order by started_at desc limit 1)
            """));
    }

    [Fact]
    public async Task A_record_that_no_window_showed_though_all_counts_agree_keeps_its_row_and_leaves_no_watermark()
    {
        await using var fixture = await AgentsAsync(10);
        fixture.Put("agent", $$"""{"_id": "{{SyncFixture.Id(50)}}", "Modified Date": "{{SyncFixture.Early}}"}""");
        Assert.Equal(1, (await fixture.ResyncAsync("agent")).Entities[0].Inserted);
        var (isRead, isGone) = (false, false);
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            // After the first count a dated record comes in, before the last one another goes: the undated one is in no window, and no count shows it.
            if (request is { Type: "agent", Constraints.Length: > 0 } && !isRead)
            {
                isRead = true;
                fixture.Put("agent", SyncFixture.Record(60, SyncFixture.Early, created: "2026-02-05T00:00:00.000Z"));
            }
            else if (request is { Type: "agent", Constraints: "" } && isRead && !isGone)
            {
                isGone = true;
                fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
            }

            return Task.CompletedTask;
        };

        var report = await PruneAsync(fixture, PruneMode.Hard);

        Assert.True(report.Status == RunStatus.Partial, report.ToJson());
        Assert.Contains(report.Errors, e => e.Code == ErrorCode.PruneRefused && e.Message.Contains("Bubble still has 1 of the records", StringComparison.Ordinal));
        Assert.Equal(1, await fixture.ScalarAsync<long>($"select count(*) from agent where bubble_id = '{SyncFixture.Id(50)}'"));
        Assert.Equal("false", await fixture.ScalarAsync<string>($"select proof ->> 'isComplete' from bubblesync.run_entity where run_id = '{report.RunId}'"));
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
        await using var fixture = (await AgentsAsync(40)).With(windowSize: 10, pageSize: 4);
        var next = 1000;
        fixture.Bubble.Traffic.OnRequest = async _ =>
        {
            var number = chance.Next(1, 41);
            switch (chance.Next(8))
            {
                case 0:
                    fixture.Bubble.Records.Delete("agent", SyncFixture.Id(number));
                    break;
                case 1:
                    // A record and, a moment later, the row that the application makes of it; or the other way round.
                    var id = NewId(Interlocked.Increment(ref next));
                    if (chance.Next(2) == 0)
                        Put(fixture, id);
                    await fixture.ExecuteAsync($"insert into agent (bubble_id) values ('{id}') on conflict do nothing");
                    Put(fixture, id);
                    break;
                case 2:
                    await fixture.ExecuteAsync($"update agent set introducer = 'mine' where bubble_id = '{SyncFixture.Id(number)}'");
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
            var report = await fixture.ResyncAsync(options);
            if (report.Status == RunStatus.Failed)
                report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

            var living = await fixture.RowsAsync("select bubble_id from agent where deleted_in_bubble_at is null");
            var gone = fixture.Bubble.Records.All("agent").Select(IdOf).Except(living);
            // What no run has read yet may be missing; what had a row must not be.
            var rows = await fixture.RowsAsync("select bubble_id from agent");
            Assert.DoesNotContain(gone, id => id.StartsWith("1769904000000x", StringComparison.Ordinal) || rows.Contains(id));
        }

        fixture.Bubble.Traffic.OnRequest = null;
        var last = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Hard, PruneLimitPercent = 100 });
        Assert.Equal(RunStatus.Succeeded, last.Status);
        Assert.Equal(
            fixture.Bubble.Records.All("agent").Select(IdOf).Order(StringComparer.Ordinal),
            (await fixture.RowsAsync("select bubble_id from agent")).Order(StringComparer.Ordinal));
    }

    private static string NewId(int number) => string.Create(
        CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()}x{100_000_000_000_000_000 + number}");

    private static void Put(SyncFixture fixture, string id)
    {
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        fixture.Put("agent", $$"""{"_id": "{{id}}", "Created Date": "{{now}}", "Modified Date": "{{now}}"}""");
    }

    private static string IdOf(string record) => System.Text.Json.Nodes.JsonNode.Parse(record)!["_id"]!.GetValue<string>();

    private static Task InsertAsync(SyncFixture fixture, int number) => fixture.ExecuteAsync($"insert into agent (bubble_id) values ('{SyncFixture.Id(number)}')");

    // After the first page of the entity's history.
    private static void OnceRead(SyncFixture fixture, Func<Task> act)
    {
        var isDone = false;
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            if (isDone || request.Constraints.Length == 0)
                return Task.CompletedTask;

            isDone = true;
            return act();
        };
    }

    private static Task<RunReport> PruneAsync(SyncFixture fixture, PruneMode mode, decimal limit = 20) =>
        fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = mode, PruneLimitPercent = limit });

    private async Task<SyncFixture> AgentsAsync(int count)
    {
        var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0 });
        for (var number = 1; number <= count; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Name\": \"{number}\"", created: $"2026-02-{1 + (number % 25):00}T00:00:00.000Z"));
        await fixture.ResyncAsync("agent");
        return fixture;
    }
}
