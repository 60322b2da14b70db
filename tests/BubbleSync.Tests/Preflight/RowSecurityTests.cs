using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>Row-level security of deletions, and of tables that links point to.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class RowSecurityTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string AllButDelete =
        "alter table agent enable row level security; create policy s on agent for select using (true); create policy i on agent for insert with check (true); "
        + "create policy u on agent for update using (true)";

    [Fact]
    public async Task Rows_that_may_not_be_deleted_stop_a_hard_prune_and_are_a_remark_otherwise()
    {
        await using var fixture = await TenAgentsAsync();
        await fixture.AsUserAsync();
        await fixture.ExecuteAsync(AllButDelete);
        var before = fixture.Bubble.Traffic.Requests;

        var stopped = await Assert.ThrowsAsync<SyncException>(() => PruneAsync(fixture, PruneMode.Hard));
        var after = fixture.Bubble.Traffic.Requests;
        var reported = await PruneAsync(fixture, PruneMode.Report);
        var remark = await fixture.RemarkAsync("row-level security of agent");
        await fixture.FollowAsync(remark, "create policy");
        var pruned = await PruneAsync(fixture, PruneMode.Hard);

        Assert.Equal(before, after);
        Assert.Contains("refuse the user's writes (delete)", stopped.Message, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, reported.Status);
        Assert.Contains("For a hard prune alone: Let an administrator", remark, StringComparison.Ordinal);
        Assert.Equal((RunStatus.Succeeded, 2L), (pruned.Status, pruned.Entities[0].Pruned));
        Assert.Equal(8, await fixture.ScalarAsync<long>("select count(*) from agent"));
    }

    [Fact]
    public async Task A_hard_prune_without_the_right_to_delete_stops_before_anything_is_read()
    {
        await using var fixture = await TenAgentsAsync();
        await fixture.AsUserAsync("grant select, insert, update on all tables in schema public to $");
        var before = fixture.Bubble.Traffic.Requests;

        var stopped = await Assert.ThrowsAsync<SyncException>(() => PruneAsync(fixture, PruneMode.Hard));

        Assert.Equal(before, fixture.Bubble.Traffic.Requests);
        Assert.Contains("the user lacks delete on table", stopped.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(AllButDelete, "row-level security of table \"public\".\"agent\" keeps 2 of 2 rows from being deleted")]
    [InlineData(
        "create function public.keep() returns trigger language plpgsql as $x$ begin return case when old.name = '3' then old end; end $x$; "
        + "create trigger keep before delete on agent for each row execute function public.keep()",
        "a trigger of table \"public\".\"agent\" keeps 1 of 2 rows from being deleted")]
    public async Task Rows_that_are_not_deleted_are_a_refusal(string sql, string reason)
    {
        await using var fixture = await TenAgentsAsync();
        await fixture.AsUserAsync();
        var isFirst = true;
        // After the checks of the run.
        fixture.Bubble.Traffic.OnRequest = async _ =>
        {
            if (isFirst)
                await fixture.ExecuteAsync(sql);
            isFirst = false;
        };

        var refused = await PruneAsync(fixture, PruneMode.Hard);

        Assert.Equal((RunStatus.Partial, 0L), (refused.Status, refused.Entities[0].Pruned));
        var error = Assert.Single(refused.Errors, e => e.Code == ErrorCode.PruneRefused);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(error.Message.Contains("the doctor prints", StringComparison.Ordinal) ? NextActionKind.Doctor : null, error.Next?.Kind);
        Assert.Equal(10, await fixture.ScalarAsync<long>("select count(*) from agent"));
    }

    [Fact]
    public async Task Row_level_security_of_an_entity_that_only_links_point_to_stops_a_run()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table \"user\" enable row level security");
        await fixture.AsUserAsync();

        var stopped = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync("agent"));
        await fixture.FollowAsync(stopped.Message, "create policy");

        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
        Assert.Contains("row-level security of table \"public\".\"user\" may hide rows from the user", stopped.Message, StringComparison.Ordinal);
        Assert.Contains("(select)", stopped.Message, StringComparison.Ordinal);
        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task Row_level_security_of_a_table_in_another_schema_stops_a_run()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            "create schema codes; create table codes.kind (code text primary key); alter table agent add foreign key (agent_type) references codes.kind; "
            + "alter table codes.kind enable row level security");
        await fixture.AsUserAsync(
            "grant select, insert, update, delete on all tables in schema public to $; grant usage on schema codes to $; grant select on codes.kind to $");

        var message = await fixture.AssertStopsAsync("row-level security of codes.kind", "may hide rows from the user", "(select)", "taken for missing");
        await fixture.FollowAsync(message, "create policy");

        await fixture.AssertSyncsAsync();
        Assert.Equal("on, and its policies let the user see every row.", await fixture.RemarkAsync("row-level security of codes.kind"));
    }

    [Theory]
    [InlineData("audit fields")]
    [InlineData("audit links")]
    [InlineData("audit values")]
    [InlineData("verify")]
    public async Task A_command_that_only_reads_stops_for_rows_that_it_cannot_see(string command)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent enable row level security");
        await fixture.AsUserAsync("grant select on all tables in schema public to $");

        var stopped = await Assert.ThrowsAsync<SyncException>(() => ReadAsync(fixture, command));
        var asked = fixture.Bubble.Traffic.Requests;
        await fixture.ExecuteAsync("create policy every on agent for select using (true)");
        await ReadAsync(fixture, command);

        Assert.Equal(0, asked);
        Assert.Contains("row-level security of table \"public\".\"agent\" may hide rows from the user", stopped.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("audit fields")]
    [InlineData("audit links")]
    public async Task An_audit_that_leaves_nothing_behind_needs_to_read_only(string command)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var role = await fixture.AsUserAsync("grant select on all tables in schema public to $");
        await fixture.ExecuteAsync(
            $"revoke all on schema bubblesync, bubblesync_staging from {role}; revoke all on all tables in schema bubblesync from {role}; "
            + $"grant usage on schema bubblesync to {role}; grant select on all tables in schema bubblesync to {role}; "
            + $"alter role {role} set default_transaction_read_only = on");

        await ReadAsync(fixture, command);

        await fixture.ExecuteAsync($"revoke select on agent from {role}");
        var stopped = await Assert.ThrowsAsync<SyncException>(() => ReadAsync(fixture, command));
        Assert.Contains("the user lacks select on table \"public\".\"agent\". Grant them: grant select on", stopped.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("runs list")]
    [InlineData("audit fields")]
    [InlineData("audit links")]
    [InlineData("plan")]
    public async Task Row_level_security_of_control_tables_stops_what_reads_them(string command)
    {
        await using var fixture = await TenAgentsAsync();
        await fixture.AsUserAsync();
        await fixture.ExecuteAsync("alter table bubblesync.run enable row level security; alter table bubblesync.held_link enable row level security");
        var before = fixture.Bubble.Traffic.Requests;

        var stopped = await Assert.ThrowsAsync<SyncException>(() => ReadAsync(fixture, command));
        var after = fixture.Bubble.Traffic.Requests;
        await fixture.FollowAsync(stopped.Message, "alter table");
        await ReadAsync(fixture, command);

        Assert.Equal(before, after);
        Assert.Contains("row-level security is on for control tables", stopped.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Control_tables_that_may_not_be_read_are_named_with_the_grants()
    {
        await using var fixture = await TenAgentsAsync();
        var role = await fixture.AsUserAsync();
        await fixture.ExecuteAsync($"revoke all on schema bubblesync from {role}; revoke all on all tables in schema bubblesync from {role}");

        var stopped = await Assert.ThrowsAsync<SyncException>(() => ReadAsync(fixture, "runs list"));
        await fixture.FollowAsync(stopped.Message, "grant usage");

        await ReadAsync(fixture, "runs list");
        Assert.Contains($"grant select on all tables in schema bubblesync to \"{role}\";", stopped.Message, StringComparison.Ordinal);
    }

    private static async Task ReadAsync(SyncFixture fixture, string command)
    {
        var engine = fixture.Engine();
        switch (command)
        {
            case "audit fields":
                await engine.AuditFieldsAsync(["agent"], null, fixture.Limit);
                break;
            case "audit links":
                await engine.AuditLinksAsync(new LinkAuditOptions(), fixture.Limit);
                break;
            case "audit values":
                await engine.AuditValuesAsync(new ValueAuditOptions { Entities = ["agent"] }, null, fixture.Limit);
                break;
            case "verify":
                await engine.VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit);
                break;
            case "plan":
                await engine.PlanAsync(["agent"], fixture.Limit);
                break;
            default:
                await using (var archive = await engine.OpenArchiveAsync(fixture.Limit))
                    Assert.NotEmpty(await archive.ListAsync(9, null, null, fixture.Limit));
                break;
        }
    }

    private static Task<RunReport> PruneAsync(SyncFixture fixture, PruneMode mode) =>
        fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = mode });

    // Of which Bubble has eight.
    private async Task<SyncFixture> TenAgentsAsync()
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        for (var number = 1; number <= 10; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Name\": \"{number}\""));
        await fixture.ResyncAsync("agent");
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(3));
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(7));
        return fixture;
    }
}
