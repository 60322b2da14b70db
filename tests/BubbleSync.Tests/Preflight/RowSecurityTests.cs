using BubbleSync.Etl;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>Row-level security of deletions, and of tables that links point to.</summary>
public sealed class RowSecurityTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string AllButDelete =
        "alter table agent enable row level security; create policy s on agent for select using (true); create policy i on agent for insert with check (true); "
        + "create policy u on agent for update using (true)";

    [Fact]
    public async Task Rows_that_may_not_be_deleted_stop_a_hard_prune_and_are_a_remark_otherwise()
    {
        await using var scene = await TenAgentsAsync();
        await scene.AsUserAsync();
        await scene.ExecuteAsync(AllButDelete);
        var before = scene.Bubble.Traffic.Requests;

        var stopped = await Assert.ThrowsAsync<SyncException>(() => PruneAsync(scene, PruneMode.Hard));
        var after = scene.Bubble.Traffic.Requests;
        var reported = await PruneAsync(scene, PruneMode.Report);
        var remark = await scene.RemarkAsync("row-level security of agent");
        await scene.FollowAsync(remark, "create policy");
        var pruned = await PruneAsync(scene, PruneMode.Hard);

        Assert.Equal(before, after);
        Assert.Contains("refuse the user's writes (delete)", stopped.Message, StringComparison.Ordinal);
        Assert.Equal("succeeded", reported.Status);
        Assert.Contains("For --prune hard alone: Let an administrator", remark, StringComparison.Ordinal);
        Assert.Equal(("succeeded", 2L), (pruned.Status, pruned.Entities[0].Pruned));
        Assert.Equal(8, await scene.ScalarAsync<long>("select count(*) from agent"));
    }

    [Fact]
    public async Task A_hard_prune_without_the_right_to_delete_stops_before_anything_is_read()
    {
        await using var scene = await TenAgentsAsync();
        await scene.AsUserAsync("grant select, insert, update on all tables in schema public to $");
        var before = scene.Bubble.Traffic.Requests;

        var stopped = await Assert.ThrowsAsync<SyncException>(() => PruneAsync(scene, PruneMode.Hard));

        Assert.Equal(before, scene.Bubble.Traffic.Requests);
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
        await using var scene = await TenAgentsAsync();
        await scene.AsUserAsync();
        var isFirst = true;
        // After the checks of the run.
        scene.Bubble.Traffic.OnRequest = async _ =>
        {
            if (isFirst)
                await scene.ExecuteAsync(sql);
            isFirst = false;
        };

        var refused = await PruneAsync(scene, PruneMode.Hard);

        Assert.Equal(("partial", 0L), (refused.Status, refused.Entities[0].Pruned));
        Assert.Contains(reason, Assert.Single(refused.Errors, e => e.Code == "prune-refused").Message, StringComparison.Ordinal);
        Assert.Equal(10, await scene.ScalarAsync<long>("select count(*) from agent"));
    }

    [Fact]
    public async Task Row_level_security_of_an_entity_that_only_links_point_to_stops_a_run()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync("alter table \"user\" enable row level security");
        await scene.AsUserAsync();

        var stopped = await Assert.ThrowsAsync<SyncException>(() => scene.ResyncAsync("agent"));
        await scene.FollowAsync(stopped.Message, "create policy");

        Assert.Equal(0, scene.Bubble.Traffic.Requests);
        Assert.Contains("row-level security of table \"public\".\"user\" may hide rows from the user", stopped.Message, StringComparison.Ordinal);
        Assert.Contains("(select)", stopped.Message, StringComparison.Ordinal);
        await scene.AssertSyncsAsync();
    }

    [Fact]
    public async Task Row_level_security_of_a_table_in_another_schema_stops_a_run()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(
            "create schema codes; create table codes.kind (code text primary key); alter table agent add foreign key (agent_type) references codes.kind; "
            + "alter table codes.kind enable row level security");
        await scene.AsUserAsync(
            "grant select, insert, update, delete on all tables in schema public to $; grant usage on schema codes to $; grant select on codes.kind to $");

        var message = await scene.AssertStopsAsync("row-level security of codes.kind", "may hide rows from the user", "(select)", "taken for missing");
        await scene.FollowAsync(message, "create policy");

        await scene.AssertSyncsAsync();
        Assert.Equal("on, and its policies let the user see every row.", await scene.RemarkAsync("row-level security of codes.kind"));
    }

    private static Task<RunReport> PruneAsync(Scene scene, PruneMode mode) => scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = mode });

    // Of which Bubble has eight.
    private async Task<Scene> TenAgentsAsync()
    {
        var scene = await Scene.OpenAsync(postgres);
        for (var number = 1; number <= 10; number++)
            scene.Put("agent", Scene.Record(number, Scene.Early, $"\"Name\": \"{number}\""));
        await scene.ResyncAsync("agent");
        scene.Bubble.Records.Delete("agent", Scene.Id(3));
        scene.Bubble.Records.Delete("agent", Scene.Id(7));
        return scene;
    }
}
