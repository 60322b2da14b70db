using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Survival.PrunedAgents;

namespace BubbleSync.Tests.Survival;

/// <summary>CONTRACT 5.12: what refuses a prune; then nothing is pruned.</summary>
public sealed class PruneRefusalTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("cascade", "would delete rows of public.note that stay: 1.")]
    [InlineData("set null", "would empty the link of rows of public.note that stay: 1.")]
    [InlineData("set default", "would reset the link of rows of public.note that stay: 1.")]
    public async Task What_a_deletion_would_take_along_forbids_it(string action, string told)
    {
        await using var fixture = await TenAgentsAsync(postgres);
        await fixture.ExecuteAsync($"create table public.note (agent_id integer references agent (id) on delete {action}); insert into public.note select id "
            + $"from agent where bubble_id in ('{SyncFixture.Id(3)}', '{SyncFixture.Id(4)}')");
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
    public async Task A_table_that_the_user_may_not_see_might_lose_rows_and_forbids_it()
    {
        await using var fixture = await TenAgentsAsync(postgres);
        var role = $"pruner_{Guid.NewGuid():N}";
        await fixture.ExecuteAsync($"create role {role} login password 'p'; grant all on all tables in schema public, bubblesync to {role}; grant all on "
            + $"schema bubblesync, bubblesync_staging to {role}; create table public.note (agent_id integer references agent (id) on delete cascade)");
        fixture.Settings = fixture.Settings with
        {
            Postgres = fixture.Settings.Postgres with
            {
                ConnectionString = new Npgsql.NpgsqlConnectionStringBuilder(fixture.Connection) { Username = role, Password = "p" }.ConnectionString,
            },
        };
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
        await using var fixture = await TenAgentsAsync(postgres);
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
        await using var fixture = await TenAgentsAsync(postgres);
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
        await using var fixture = (await TenAgentsAsync(postgres, fault)).With(pageSize: pageSize);
        var before = await fixture.EndStateAsync();
        Delete(fixture, 3);

        var report = await PruneAsync(fixture, PruneMode.Hard, limit: 100);

        AssertRefused(report, "its extraction is not shown to be complete");
        Assert.Equal(before, await fixture.EndStateAsync());
    }

    [Fact]
    public async Task Nothing_is_pruned_where_a_record_without_a_usable_id_could_be_any_row()
    {
        await using var fixture = await TenAgentsAsync(postgres);
        fixture.Put("agent", """{"Created Date": "2026-02-02T00:00:00.000Z", "Name": "nobody"}""");
        Delete(fixture, 3);

        AssertRefused(await PruneAsync(fixture, PruneMode.Hard), "records without a usable id");
        Assert.Equal(10, await fixture.ScalarAsync<long>(Numbers));
    }

    [Fact]
    public async Task Nor_by_a_sync_that_does_not_read_such_a_record_again()
    {
        await using var fixture = await TenAgentsAsync(postgres);
        fixture.Put("agent", """{"Created Date": "2026-02-02T00:00:00.000Z", "Modified Date": "2026-02-02T00:00:00.000Z", "Name": "nobody"}""");
        await fixture.ResyncAsync("agent");
        Delete(fixture, 3, 4);
        var options = new IncrementalOptions { Entities = ["agent"], Prune = PruneMode.Soft, PruneLimitPercent = 100 };

        var reports = new List<RunReport>();
        foreach (var _ in Enumerable.Range(1, 4))
            reports.Add(await fixture.Engine().SyncIncrementalAsync(options, null, fixture.Limit));

        Assert.All(reports, r => Assert.Contains(r.Errors, e => e.Message.Contains("records without a usable id", StringComparison.Ordinal)));
        Assert.Equal(0L, await fixture.ScalarAsync<long>("select count(deleted_in_bubble_at) from agent"));
    }

    [Fact]
    public async Task A_soft_prune_of_a_table_without_the_mark_is_refused()
    {
        await using var fixture = await TenAgentsAsync(postgres);
        await fixture.ExecuteAsync("alter table agent drop column deleted_in_bubble_at");
        Delete(fixture, 3);

        AssertRefused(await PruneAsync(fixture, PruneMode.Soft), "table 'agent' has no column deleted_in_bubble_at");
    }

    [Theory]
    [InlineData("")]
    [InlineData("deferrable initially deferred")]
    public async Task A_row_that_a_foreign_key_still_needs_refuses_the_prune_and_stops_nothing(string when)
    {
        await using var fixture = await TenAgentsAsync(postgres);
        await fixture.ExecuteAsync($"alter table customer add constraint of_agent foreign key (linked_agent) references agent (bubble_id) {when}; insert into "
            + $"customer (customer_id, linked_agent) values ('local', '{SyncFixture.Id(3)}')");
        Delete(fixture, 3);
        fixture.Put("user", SyncFixture.Record(50, SyncFixture.Early));

        var report = await fixture.ResyncAsync(new ResyncOptions { Prune = PruneMode.Hard });

        AssertRefused(report, "constraint 'of_agent' of table 'customer' still needs a row");
        Assert.Equal("10|1", await fixture.RowAsync($"{Numbers.Replace("count(*)", "count(*), (select count(*) from \"user\")", StringComparison.Ordinal)}"));
    }

    [Fact]
    public async Task A_refused_prune_ends_with_1_and_a_local_edit_stays()
    {
        await using var fixture = await TenAgentsAsync(postgres);
        await fixture.ExecuteAsync("update agent set introducer = 'mine', updated_at = now()");
        Delete(fixture, 1, 2, 3);

        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--entity", "agent", "--prune", "hard");

        Assert.Equal(1, outcome.Code);
        Assert.Contains("a larger prune limit", outcome.All, StringComparison.Ordinal);
        Assert.Equal(10, await fixture.ScalarAsync<long>("select count(*) from agent where introducer = 'mine'"));
    }

    private static void AssertRefused(RunReport report, string why)
    {
        var error = Assert.Single(report.Errors, e => e.Code == ErrorCode.PruneRefused);
        Assert.Equal((RunStatus.Partial, "agent"), (report.Status, error.Entity));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, report.Entities.Single(e => e.Name == "agent").Pruned);
    }
}
