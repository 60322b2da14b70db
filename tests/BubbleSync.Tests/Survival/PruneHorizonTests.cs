using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Survival.DatedAgents;
using static BubbleSync.Tests.Survival.PrunedAgents;

namespace BubbleSync.Tests.Survival;

/// <summary>CONTRACT 5.12: of rows that came during a run, or whose record may have, the run's reading shows nothing.</summary>
public sealed class PruneHorizonTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData(PruneMode.Soft)]
    [InlineData(PruneMode.Hard)]
    public async Task A_row_that_the_application_writes_while_its_entity_is_read_stays(PruneMode mode)
    {
        await using var fixture = await AgentsAsync(postgres, 10);
        OnceRead(fixture, () => InsertAsync(fixture, 77));

        var report = await PruneAsync(fixture, mode);

        Assert.Equal((RunStatus.Succeeded, 0L, 0L), (report.Status, report.Entities[0].Pruned, report.Entities[0].NotInBubble));
        Assert.Equal("1|0", await fixture.RowAsync($"select count(*), count(deleted_in_bubble_at) from agent where bubble_id = '{SyncFixture.Id(77)}'"));
    }

    [Fact]
    public async Task A_row_that_the_application_changes_while_its_entity_is_read_is_left_to_the_next_run()
    {
        await using var fixture = await AgentsAsync(postgres, 10);
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
        await using var fixture = await AgentsAsync(postgres, 10);
        var young = string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow().AddMinutes(5).ToUnixTimeMilliseconds()}x123456789012345678");
        await fixture.ExecuteAsync($"insert into agent (bubble_id) values ('{young}'), ('{SyncFixture.Id(88)}')");

        var report = await PruneAsync(fixture, PruneMode.Hard);

        Assert.Equal((1L, 1L), (report.Entities[0].Pruned, report.Entities[0].NotInBubble));
        Assert.Equal([young], await fixture.RowsAsync($"select bubble_id from agent where bubble_id not like '1769904000000x%'"));
    }

    [Fact]
    public async Task A_row_that_came_between_a_death_and_the_resume_stays()
    {
        await using var fixture = await AgentsAsync(postgres, 10);
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
        await using var fixture = await AgentsAsync(postgres, 35);
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
        await using var fixture = await AgentsAsync(postgres, 10);
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
        await using var fixture = await AgentsAsync(postgres, 10);
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
        await using var fixture = (await AgentsAsync(postgres, 10)).WithPatches(
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

    private static Task InsertAsync(SyncFixture fixture, int number) =>
        fixture.ExecuteAsync($"insert into agent (bubble_id) values ('{SyncFixture.Id(number)}')");

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
}
