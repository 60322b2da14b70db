using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Survival.PrunedAgents;

namespace BubbleSync.Tests.Survival;

/// <summary>CONTRACT 5.12: what Bubble no longer has goes only when asked for, only after proof, and never in masses.</summary>
public sealed class PruneTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_soft_prune_marks_what_is_gone_once_and_a_record_that_comes_back_loses_its_mark()
    {
        await using var fixture = await TenAgentsAsync(postgres);
        Delete(fixture, 3, 7);

        var first = await PruneAsync(fixture, PruneMode.Soft);
        var before = await fixture.SnapshotAsync();
        var second = await PruneAsync(fixture, PruneMode.Soft);

        Assert.Equal((RunStatus.Succeeded, 2L, 2L), (first.Status, first.Entities[0].Pruned, first.Entities[0].NotInBubble));
        Assert.Equal([SyncFixture.Id(3), SyncFixture.Id(7)], await fixture.RowsAsync(Marked));
        Assert.Equal("10|true", await fixture.RowAsync("select count(*), bool_and(updated_at = modified_date) from agent"));
        Assert.Equal((RunStatus.Succeeded, 0L, 2L), (second.Status, second.Entities[0].Pruned, second.Entities[0].NotInBubble));
        Assert.Equal(before, await fixture.SnapshotAsync());

        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Early));
        var third = await PruneAsync(fixture, PruneMode.Report);

        // A row that is marked needs nothing more.
        Assert.Equal((1L, (long?)0L), (third.Entities[0].NotInBubble, third.Entities[0].Unpruned));
        Assert.DoesNotContain(third.NextActions, a => a.Kind == NextActionKind.PruneSoft);

        Assert.Equal([SyncFixture.Id(7)], await fixture.RowsAsync(Marked));
    }

    [Fact]
    public async Task A_hard_prune_deletes_what_is_gone_and_never_a_local_row()
    {
        await using var fixture = await TenAgentsAsync(postgres);
        string[] local = ["agt_local", "12345", "1769904000000x", "x17", " 1769904000000x17", "1769904000000x17\n", "1769904000000X17", "１x７"];
        foreach (var id in local)
            await fixture.ExecuteAsync($"insert into agent (bubble_id) values ('{id}')");
        Delete(fixture, 3, 7);

        var report = await PruneAsync(fixture, PruneMode.Hard);

        Assert.Equal((RunStatus.Succeeded, 2L), (report.Status, report.Entities[0].Pruned));
        Assert.Equal(8 + local.Length, await fixture.ScalarAsync<long>(Numbers));
        Assert.Equal(local.Order(StringComparer.Ordinal), (await fixture.RowsAsync("select bubble_id from agent where "
            + "name is null")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Rows_that_go_together_may_refer_to_each_other()
    {
        await using var fixture = await TenAgentsAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add boss integer references agent (id) on delete cascade; update agent set boss = b.id from agent b "
            + $"where b.bubble_id = '{SyncFixture.Id(3)}' and agent.bubble_id in ('{SyncFixture.Id(4)}', '{SyncFixture.Id(5)}')");
        Delete(fixture, 3, 4);

        var refused = await PruneAsync(fixture, PruneMode.Hard);
        Delete(fixture, 5);
        var allowed = await PruneAsync(fixture, PruneMode.Hard, limit: 30);

        Assert.Equal((0L, 3L), (refused.Entities[0].Pruned, allowed.Entities[0].Pruned));
    }

    [Fact]
    public async Task A_record_that_is_rejected_is_still_in_Bubble_and_keeps_its_row()
    {
        await using var fixture = await TenAgentsAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Late, "\"Commission\": \"many\""));
        Delete(fixture, 7);

        var report = await PruneAsync(fixture, PruneMode.Hard);

        Assert.Equal((1, 1), (report.Entities[0].Pruned, report.Entities[0].Rejected));
        Assert.Equal("true|false", await fixture.RowAsync($"select exists (select from agent where bubble_id = '{SyncFixture.Id(3)}'), exists (select from "
            + $"agent where bubble_id = '{SyncFixture.Id(7)}')"));
    }

    [Fact]
    public async Task Rows_go_before_those_that_they_point_to()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table invoice add constraint of_customer foreign key (linked_customer) references customer (customer_id)");
        for (var number = 1; number <= 5; number++)
        {
            fixture.Put("Customer_Profile", SyncFixture.Record(number, SyncFixture.Early));
            fixture.Put("invoice", SyncFixture.Record(number + 10, SyncFixture.Early, $"\"Linked Customer\": \"{SyncFixture.Id(number)}\""));
        }

        await fixture.ResyncAsync("customer", "invoice");
        fixture.Bubble.Records.Delete("Customer_Profile", SyncFixture.Id(1));
        fixture.Bubble.Records.Delete("invoice", SyncFixture.Id(11));

        var report = await PruneAsync(fixture, PruneMode.Hard, 20, "customer", "invoice");

        Assert.Equal((RunStatus.Succeeded, 1L, 1L), (report.Status, report.Entities[0].Pruned, report.Entities[1].Pruned));
        Assert.Equal("4|4", await fixture.RowAsync("select (select count(*) from customer), (select count(*) from invoice)"));
    }

    [Theory]
    [InlineData(PruneMode.Soft)]
    [InlineData(PruneMode.Hard)]
    public async Task A_dry_run_counts_what_would_be_pruned_and_changes_nothing(PruneMode mode)
    {
        await using var fixture = await TenAgentsAsync(postgres);
        Delete(fixture, 3, 7);
        var before = await fixture.SnapshotAsync();

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = mode, DryRun = true });

        Assert.Equal((RunStatus.Succeeded, 2L), (report.Status, report.Entities[0].Pruned));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task A_resumed_run_prunes_as_it_was_asked_to_at_its_start()
    {
        await using var fixture = await TenAgentsAsync(postgres);
        Delete(fixture, 1, 2, 3);
        await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Hard, PruneLimitPercent = 30, MaxCalls = 2 });

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Succeeded, 3L), (report.Status, report.Entities[0].Pruned));
        Assert.Equal("7", await fixture.RowAsync(Numbers));
    }
}
