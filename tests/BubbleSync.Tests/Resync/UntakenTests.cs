using BubbleSync.Etl;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>What a table does not take beside whole records is named, and stops nothing else.</summary>
public sealed class UntakenTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Login = "alter table agent add foreign key (linked_user_login) references \"user\" (bubble_id)";

    [Fact]
    public async Task A_foreign_key_that_follows_updates_is_not_emptied_by_an_exchange()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(
            "alter table agent add unique (slug), add column manager text references agent (slug) on update cascade; "
            + "create table visit (agent_slug text references agent (slug) on update cascade)");
        await PutSlugsAsync(scene, Scene.Early, "a", "b", "c");
        await scene.ExecuteAsync($"update agent set manager = 'b' where slug = 'c'; insert into visit values ('a'), ('b')");
        await PutSlugsAsync(scene, Scene.Late, "b", "a", "c");

        Assert.Equal(["b|~", "a|~", "c|a"], await scene.RowsAsync("select slug, manager from agent order by bubble_id"));
        Assert.Equal(["a", "b"], await scene.RowsAsync("select agent_slug from visit order by 1"));
    }

    [Theory]
    [InlineData("alter table agent alter commission type smallint, alter commission set not null, add unique (commission), add check (commission between 1 and 3)")]
    [InlineData("alter table agent alter commission set not null, add exclude using btree (commission with =)")]
    public async Task A_chain_of_values_goes_through_where_no_value_is_to_spare(string rule)
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(rule);
        Put(scene, Scene.Early, 1, 2);
        await scene.ResyncAsync("agent");
        Put(scene, Scene.Late, 2, 3);

        var report = await scene.ResyncAsync("agent");

        Assert.Equal(("succeeded", 2L), (report.Status, report.Entities[0].Updated));
        Assert.Equal(["2", "3"], await scene.RowsAsync("select commission from agent order by bubble_id"));
    }

    [Fact]
    public async Task A_row_that_cannot_give_its_value_up_keeps_no_others_from_an_exchange()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync("""
            alter table agent add unique (slug);
            create function lock() returns trigger language plpgsql as $x$ begin if old.slug = 'c' then raise exception 'locked'; end if; return new; end $x$;
            create trigger lock before update on agent for each row execute function lock()
            """);
        await PutSlugsAsync(scene, Scene.Early, "a", "b", "c");

        var report = await PutSlugsAsync(scene, Scene.Late, "b", "a", "z");

        Assert.Equal(("partial", 2L, 1L), (report.Status, report.Entities[0].Updated, report.Entities[0].Rejected));
        Assert.Equal(["b", "a", "c"], await scene.RowsAsync("select slug from agent order by bubble_id"));
    }

    [Fact]
    public async Task A_held_link_that_the_table_refuses_waits_and_the_others_are_restored_and_patches_run()
    {
        await using var scene = (await Scene.OpenAsync(postgres)).WithPatches(("010-fill", "update agent set introducer = 'p' where introducer is null"));
        await scene.ExecuteAsync($"{Login}; alter table agent add unique (linked_user_login)");
        foreach (var (number, user) in new[] { (1, 8), (2, 8), (3, 9) })
            scene.Put("agent", Scene.Record(number, Scene.Early, $"\"Linked User Login\": \"{Scene.Id(user)}\""));
        await scene.ResyncAsync("agent");
        scene.Put("user", Scene.Record(8, Scene.Early));
        scene.Put("user", Scene.Record(9, Scene.Early));

        var report = await scene.ResyncAsync("user");

        Assert.Equal("partial", report.Status);
        Assert.Contains("another row has the same value", Assert.Single(report.Errors, e => e.Code == "link-refused").Message, StringComparison.Ordinal);
        Assert.Equal([$"{Scene.Id(8)}|p", "~|p", $"{Scene.Id(9)}|p"], await scene.RowsAsync("select linked_user_login, introducer from agent order by bubble_id"));
        Assert.False((await scene.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, scene.Limit)).Success);
    }

    [Fact]
    public async Task A_held_link_that_a_trigger_keeps_out_is_reported()
    {
        await using var scene = (await Scene.OpenAsync(postgres)).WithPatches();
        await scene.ExecuteAsync(Login);
        scene.Put("agent", Scene.Record(1, Scene.Early, $"\"Linked User Login\": \"{Scene.Id(9)}\""));
        await scene.ResyncAsync("agent");
        await scene.ExecuteAsync(Keep("linked_user_login"));
        scene.Put("user", Scene.Record(9, Scene.Early));

        var report = await scene.ResyncAsync("user");

        Assert.Equal("partial", report.Status);
        Assert.Contains("A trigger that fires before an update keeps them out", Assert.Single(report.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mark_that_a_unique_index_keeps_is_named_and_all_others_load()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync("create unique index on agent (slug) where deleted_in_bubble_at is null");
        await PutSlugsAsync(scene, Scene.Early, "a", "b", "c");
        scene.Bubble.Records.Delete("agent", Scene.Id(1));
        await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Soft, PruneLimitPercent = 100 });
        scene.Put("agent", Scene.Record(2, Scene.Late, "\"Slug\": \"a\""));
        await scene.ResyncAsync("agent");
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Slug\": \"a\""));
        scene.Put("agent", Scene.Record(3, Scene.Late, "\"Slug\": \"z\""));

        var report = await scene.ResyncAsync("agent");

        var error = Assert.Single(report.Errors);
        Assert.Equal(("partial", "mark-kept", Scene.Id(1)), (report.Status, error.Code, error.BubbleId));
        Assert.Equal("z", await scene.ScalarAsync<string>($"select slug from agent where bubble_id = '{Scene.Id(3)}'"));
    }

    [Fact]
    public async Task A_mark_that_a_trigger_keeps_is_reported()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await PutSlugsAsync(scene, Scene.Early, "a", "b", "c");
        await scene.ExecuteAsync("update agent set deleted_in_bubble_at = now() where slug = 'a'; " + Keep("deleted_in_bubble_at"));

        var report = await scene.ResyncAsync("agent");

        Assert.Equal("mark-kept", Assert.Single(report.Errors).Code);
    }

    [Fact]
    public async Task A_mark_that_a_trigger_takes_away_again_is_no_pruned_row()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await PutSlugsAsync(scene, Scene.Early, "a", "b", "c");
        await scene.ExecuteAsync(Keep("deleted_in_bubble_at"));
        scene.Bubble.Records.Delete("agent", Scene.Id(1));

        var report = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Soft, PruneLimitPercent = 100 });

        Assert.Equal(("partial", 0L), (report.Status, report.Entities[0].Pruned));
        Assert.Contains("a trigger of table \"public\".\"agent\" keeps 1 of 1 rows from being marked", Assert.Single(report.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rejected_record_that_a_comparison_found_gone_is_not_loaded_again()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Name\": \"long\""));
        await scene.ExecuteAsync("alter table agent alter name type varchar(2)");
        await scene.ResyncAsync("agent");
        scene.Bubble.Records.Delete("agent", Scene.Id(1));
        await scene.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, scene.Limit);
        await scene.ExecuteAsync("alter table agent alter name type text");

        await Record.ExceptionAsync(() => scene.Engine().ReprocessAsync("last", false, scene.Limit));

        Assert.Equal(0L, await scene.ScalarAsync<long>("select count(*) from agent"));
        Assert.Equal(0L, await scene.ScalarAsync<long>("select count(*) from bubblesync.rejected_record where superseded_by is null"));
    }

    private static void Put(Scene scene, string modified, params int[] values)
    {
        foreach (var (index, value) in values.Index())
            scene.Put("agent", Scene.Record(index + 1, modified, $"\"Commission\": {value}"));
    }

    private static async Task<RunReport> PutSlugsAsync(Scene scene, string modified, params string[] slugs)
    {
        foreach (var (index, slug) in slugs.Index())
            scene.Put("agent", Scene.Record(index + 1, modified, $"\"Slug\": \"{slug}\""));
        return await scene.ResyncAsync("agent");
    }

    private static string Keep(string column) =>
        $"create function keep() returns trigger language plpgsql as $x$ begin new.{column} := old.{column}; return new; end $x$; "
        + "create trigger keep before update on agent for each row execute function keep()";
}
