using System.Globalization;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>CONTRACT 5.12: what Bubble no longer has goes only when asked for, only after proof, and never in masses.</summary>
public sealed class PruneTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Marked = "select bubble_id from agent where deleted_in_bubble_at is not null order by 1";
    private const string Numbers = "select count(*) from agent";

    [Fact]
    public async Task A_soft_prune_marks_what_is_gone_once_and_a_record_that_comes_back_loses_its_mark()
    {
        await using var fixture = await TenAgentsAsync();
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
        await PruneAsync(fixture, PruneMode.Report);

        Assert.Equal([SyncFixture.Id(7)], await fixture.RowsAsync(Marked));
    }

    [Fact]
    public async Task A_hard_prune_deletes_what_is_gone_and_never_a_local_row()
    {
        await using var fixture = await TenAgentsAsync();
        string[] local = ["agt_local", "12345", "1769904000000x", "x17", " 1769904000000x17", "1769904000000x17\n", "1769904000000X17", "１x７"];
        foreach (var id in local)
            await fixture.ExecuteAsync($"insert into agent (bubble_id) values ('{id}')");
        Delete(fixture, 3, 7);

        var report = await PruneAsync(fixture, PruneMode.Hard);

        Assert.Equal((RunStatus.Succeeded, 2L), (report.Status, report.Entities[0].Pruned));
        Assert.Equal(8 + local.Length, await fixture.ScalarAsync<long>(Numbers));
        Assert.Equal(local.Order(StringComparer.Ordinal), (await fixture.RowsAsync("select bubble_id from agent where name is null")).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("cascade", "would delete rows of public.note that stay: 1.")]
    [InlineData("set null", "would empty the link of rows of public.note that stay: 1.")]
    [InlineData("set default", "would reset the link of rows of public.note that stay: 1.")]
    public async Task What_a_deletion_would_take_along_forbids_it(string action, string told)
    {
        await using var fixture = await TenAgentsAsync();
        await fixture.ExecuteAsync($"create table public.note (agent_id integer references agent (id) on delete {action}); insert into public.note select id from agent where bubble_id in ('{SyncFixture.Id(3)}', '{SyncFixture.Id(4)}')");
        Delete(fixture, 3);

        var refused = await PruneAsync(fixture, PruneMode.Hard);
        await fixture.ExecuteAsync($"delete from public.note using agent where bubble_id = '{SyncFixture.Id(3)}' and agent_id = agent.id");
        var allowed = await PruneAsync(fixture, PruneMode.Hard);

        Assert.Equal((RunStatus.Partial, 0L), (refused.Status, refused.Entities[0].Pruned));
        Assert.Contains(refused.Errors, e => e.Code == ErrorCode.PruneRefused && e.Message.Contains(told, StringComparison.Ordinal));
        Assert.Equal((RunStatus.Succeeded, 1L), (allowed.Status, allowed.Entities[0].Pruned));
        Assert.Equal("1|9", await fixture.RowAsync("select (select count(agent_id) from public.note), count(*) from agent"));
    }

    [Fact]
    public async Task Rows_that_go_together_may_refer_to_each_other()
    {
        await using var fixture = await TenAgentsAsync();
        await fixture.ExecuteAsync($"alter table agent add boss integer references agent (id) on delete cascade; update agent set boss = b.id from agent b where b.bubble_id = '{SyncFixture.Id(3)}' and agent.bubble_id in ('{SyncFixture.Id(4)}', '{SyncFixture.Id(5)}')");
        Delete(fixture, 3, 4);

        var refused = await PruneAsync(fixture, PruneMode.Hard);
        Delete(fixture, 5);
        var allowed = await PruneAsync(fixture, PruneMode.Hard, limit: 30);

        Assert.Equal((0L, 3L), (refused.Entities[0].Pruned, allowed.Entities[0].Pruned));
    }

    [Fact]
    public async Task A_table_that_the_user_may_not_see_might_lose_rows_and_forbids_it()
    {
        await using var fixture = await TenAgentsAsync();
        var role = $"pruner_{Guid.NewGuid():N}";
        await fixture.ExecuteAsync($"create role {role} login password 'p'; grant all on all tables in schema public, bubblesync to {role}; grant all on schema bubblesync, bubblesync_staging to {role}; create table public.note (agent_id integer references agent (id) on delete cascade)");
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { ConnectionString = new Npgsql.NpgsqlConnectionStringBuilder(fixture.Connection) { Username = role, Password = "p" }.ConnectionString } };
        Delete(fixture, 3);

        var report = await PruneAsync(fixture, PruneMode.Hard);

        Assert.Equal((RunStatus.Partial, 0L), (report.Status, report.Entities[0].Pruned));
        Assert.Contains(report.Errors, e => e.Code == ErrorCode.PruneRefused && e.Message.Contains("Grant select there", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(PruneMode.Soft)]
    [InlineData(PruneMode.Hard)]
    public async Task More_than_a_fifth_is_pruned_only_where_the_limit_is_lifted(PruneMode mode)
    {
        await using var fixture = await TenAgentsAsync();
        Delete(fixture, 1, 2, 3);

        var refused = await PruneAsync(fixture, mode);
        var stillRefused = await PruneAsync(fixture, mode, limit: 29.9m);
        var untouched = (await fixture.ScalarAsync<long>(Numbers), (await fixture.RowsAsync(Marked)).Count);
        var allowed = await PruneAsync(fixture, mode, limit: 30);

        AssertRefused(refused, "3 of 10 rows would go, more than 20 %");
        AssertRefused(stillRefused, "more than 29.9 %");
        Assert.Equal((10, 0), untouched);
        Assert.Equal((RunStatus.Succeeded, 3L), (allowed.Status, allowed.Entities[0].Pruned));
    }

    [Fact]
    public async Task An_entity_that_comes_back_empty_is_never_pruned()
    {
        await using var fixture = await TenAgentsAsync();
        fixture.Bubble.Records.Clear("agent");

        var report = await PruneAsync(fixture, PruneMode.Hard, limit: 100);

        AssertRefused(report, "Bubble sent no record at all");
        Assert.Equal(10, await fixture.ScalarAsync<long>(Numbers));
    }

    [Theory]
    [InlineData("remaining-absent", 100)]
    [InlineData("duplicates=100", 5)]
    public async Task Nothing_is_pruned_where_the_reading_is_not_proved(string fault, int pageSize)
    {
        await using var fixture = (await TenAgentsAsync(fault)).With(pageSize: pageSize);
        var before = await fixture.EndStateAsync();
        Delete(fixture, 3);

        var report = await PruneAsync(fixture, PruneMode.Hard, limit: 100);

        AssertRefused(report, "its extraction is not shown to be complete");
        Assert.Equal(before, await fixture.EndStateAsync());
    }

    [Fact]
    public async Task Nothing_is_pruned_where_a_record_without_a_usable_id_could_be_any_row()
    {
        await using var fixture = await TenAgentsAsync();
        fixture.Put("agent", """{"Created Date": "2026-02-02T00:00:00.000Z", "Name": "nobody"}""");
        Delete(fixture, 3);

        AssertRefused(await PruneAsync(fixture, PruneMode.Hard), "records without a usable id came");
        Assert.Equal(10, await fixture.ScalarAsync<long>(Numbers));
    }

    [Fact]
    public async Task A_record_that_is_rejected_is_still_in_Bubble_and_keeps_its_row()
    {
        await using var fixture = await TenAgentsAsync();
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Late, "\"Commission\": \"many\""));
        Delete(fixture, 7);

        var report = await PruneAsync(fixture, PruneMode.Hard);

        Assert.Equal((1, 1), (report.Entities[0].Pruned, report.Entities[0].Rejected));
        Assert.Equal("true|false", await fixture.RowAsync($"select exists (select from agent where bubble_id = '{SyncFixture.Id(3)}'), exists (select from agent where bubble_id = '{SyncFixture.Id(7)}')"));
    }

    [Fact]
    public async Task A_soft_prune_of_a_table_without_the_mark_is_refused()
    {
        await using var fixture = await TenAgentsAsync();
        await fixture.ExecuteAsync("alter table agent drop column deleted_in_bubble_at");
        Delete(fixture, 3);

        AssertRefused(await PruneAsync(fixture, PruneMode.Soft), "table 'agent' has no column deleted_in_bubble_at");
    }

    [Theory]
    [InlineData("")]
    [InlineData("deferrable initially deferred")]
    public async Task A_row_that_a_foreign_key_still_needs_refuses_the_prune_and_stops_nothing(string when)
    {
        await using var fixture = await TenAgentsAsync();
        await fixture.ExecuteAsync($"alter table customer add constraint of_agent foreign key (linked_agent) references agent (bubble_id) {when}; insert into customer (customer_id, linked_agent) values ('local', '{SyncFixture.Id(3)}')");
        Delete(fixture, 3);
        fixture.Put("user", SyncFixture.Record(50, SyncFixture.Early));

        var report = await fixture.ResyncAsync(new ResyncOptions { Prune = PruneMode.Hard });

        AssertRefused(report, "constraint 'of_agent' of table 'customer' still needs a row");
        Assert.Equal("10|1", await fixture.RowAsync($"{Numbers.Replace("count(*)", "count(*), (select count(*) from \"user\")", StringComparison.Ordinal)}"));
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
        await using var fixture = await TenAgentsAsync();
        Delete(fixture, 3, 7);
        var before = await fixture.SnapshotAsync();

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = mode, DryRun = true });

        Assert.Equal((RunStatus.Succeeded, 2L), (report.Status, report.Entities[0].Pruned));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task A_resumed_run_prunes_as_it_was_asked_to_at_its_start()
    {
        await using var fixture = await TenAgentsAsync();
        Delete(fixture, 1, 2, 3);
        await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Hard, PruneLimitPercent = 30, MaxCalls = 2 });

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Succeeded, 3L), (report.Status, report.Entities[0].Pruned));
        Assert.Equal("7", await fixture.RowAsync(Numbers));
    }

    [Fact]
    public async Task A_refused_prune_ends_with_1_and_a_local_edit_stays()
    {
        await using var fixture = await TenAgentsAsync();
        await fixture.ExecuteAsync("update agent set introducer = 'mine', updated_at = now()");
        Delete(fixture, 1, 2, 3);

        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--entity", "agent", "--prune", "hard");

        Assert.Equal(1, outcome.Code);
        Assert.Contains("--prune-limit", outcome.All, StringComparison.Ordinal);
        Assert.Equal(10, await fixture.ScalarAsync<long>("select count(*) from agent where introducer = 'mine'"));
    }

    private static void AssertRefused(RunReport report, string why)
    {
        var error = Assert.Single(report.Errors, e => e.Code == ErrorCode.PruneRefused);
        Assert.Equal((RunStatus.Partial, "agent"), (report.Status, error.Entity));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, report.Entities.Single(e => e.Name == "agent").Pruned);
    }

    private static Task<RunReport> PruneAsync(SyncFixture fixture, PruneMode mode, decimal limit = 20, params string[] entities) =>
        fixture.ResyncAsync(new ResyncOptions { Entities = entities.Length > 0 ? entities : ["agent"], Prune = mode, PruneLimitPercent = limit });

    private static void Delete(SyncFixture fixture, params int[] numbers)
    {
        foreach (var number in numbers)
            Assert.True(fixture.Bubble.Records.Delete("agent", SyncFixture.Id(number)), number.ToString(CultureInfo.InvariantCulture));
    }

    private async Task<SyncFixture> TenAgentsAsync(params string[] faults)
    {
        var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = faults });
        for (var number = 1; number <= 10; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Name\": \"{number}\""));
        await fixture.ResyncAsync("agent");
        return fixture;
    }
}
