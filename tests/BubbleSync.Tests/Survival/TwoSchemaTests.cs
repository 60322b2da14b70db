using BubbleSync.Etl;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>Two schemas of one database mirror the same app: neither takes anything of the other.</summary>
public sealed class TwoSchemaTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly string[] Schemas = ["public", "mirror"];

    [Fact]
    public async Task A_run_of_another_schema_is_not_resumed()
    {
        await using var scene = await TwoAsync();
        var stopped = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxCalls = 1 });
        Assert.Equal(("failed", "call-budget"), (stopped.Status, stopped.Errors[0].Code));
        Use(scene, "mirror");

        var last = await Assert.ThrowsAsync<SyncException>(() => scene.ResyncAsync(new ResyncOptions { Resume = true }));
        var run = await scene.ScalarAsync<Guid>("select run_id from bubblesync.run");
        var named = await Assert.ThrowsAsync<SyncException>(() => scene.ResyncAsync(new ResyncOptions { Resume = true, ResumeRun = run.ToString() }));

        Assert.Contains("there is no resync of this schema yet", last.Message, StringComparison.Ordinal);
        Assert.Contains($"there is no resync '{run}' of this schema", named.Message, StringComparison.Ordinal);
        Use(scene, "public");
        Assert.Equal("succeeded", (await scene.ResyncAsync(new ResyncOptions { Resume = true })).Status);
    }

    [Fact]
    public async Task Links_that_are_held_back_in_one_schema_are_not_those_of_the_other()
    {
        const string Link = "select linked_user_login from {0}.agent";
        await using var scene = await TwoAsync();
        scene.Put("agent", Scene.Record(1, Scene.Early, $"\"Linked User Login\": \"{Scene.Id(9)}\""));
        foreach (var schema in Schemas)
        {
            Use(scene, schema);
            await scene.ResyncAsync("agent");
        }

        scene.Put("user", Scene.Record(9, Scene.Early));
        await scene.ResyncAsync("user");
        var (here, there) = (await scene.ScalarAsync<string>(Of("public")), await scene.ScalarAsync<string>(Of("mirror")));
        Use(scene, "public");
        await scene.ResyncAsync("user");

        Assert.Equal((null, Scene.Id(9)), (here, there));
        Assert.Equal(Scene.Id(9), await scene.ScalarAsync<string>(Of("public")));

        static string Of(string schema) => string.Format(System.Globalization.CultureInfo.InvariantCulture, Link, schema);
    }

    [Fact]
    public async Task What_the_program_wrote_in_one_schema_makes_no_edit_of_the_other_its_own()
    {
        await using var scene = await TwoAsync();
        await scene.ExecuteAsync("create function public.stamp() returns trigger language plpgsql as $$ begin new.updated_at = clock_timestamp(); return new; end $$");
        foreach (var schema in Schemas)
            await scene.ExecuteAsync($"create trigger stamp before insert or update on {schema}.agent for each row execute function public.stamp()");
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Name\": \"old\""));
        await scene.ResyncAsync("agent");
        await scene.ExecuteAsync("update public.agent set name = 'mine'");
        Use(scene, "mirror");
        await scene.ResyncAsync("agent");
        scene.Put("agent", Scene.Record(1, Scene.Late, "\"Name\": \"new\""));
        Use(scene, "public");

        var report = await scene.ResyncAsync("agent");

        Assert.Equal((1L, "mine"), (report.Entities[0].Conflicts, await scene.ScalarAsync<string>("select name from public.agent")));
    }

    [Fact]
    public async Task A_row_that_is_pruned_in_one_schema_leaves_the_held_link_of_the_other_which_is_no_missing_link_here()
    {
        await using var scene = await TwoAsync();
        foreach (var number in Enumerable.Range(1, 9))
            scene.Put("agent", Scene.Record(number, Scene.Early, number == 1 ? $"\"Linked User Login\": \"{Scene.Id(19)}\"" : ""));
        foreach (var schema in Schemas)
        {
            Use(scene, schema);
            await scene.ResyncAsync("agent");
        }

        scene.Bubble.Records.Delete("agent", Scene.Id(1));
        Use(scene, "public");
        var pruned = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Hard });
        var audited = await scene.Engine().AuditLinksAsync(new(), scene.Limit);

        Assert.Equal(1L, pruned.Entities[0].Pruned);
        Assert.Empty(audited.Links);
        Assert.Equal("mirror", await scene.RowAsync("select target_schema from bubblesync.held_link"));
    }

    [Fact]
    public async Task A_run_over_one_schema_leaves_what_the_other_has_staged()
    {
        await using var scene = await TwoAsync();
        scene.Put("agent", Scene.Record(1, Scene.Early));
        await using var door = await Door.ShutAsync(scene, "lock table public.agent in exclusive mode");
        var here = scene.ResyncAsync("agent");
        await door.SomebodyWaitsAsync();
        Use(scene, "mirror");

        var there = await scene.ResyncAsync("agent");
        await door.DisposeAsync();

        Assert.Equal(("succeeded", "succeeded"), (there.Status, (await here).Status));
        Assert.Equal((1L, 1L), (there.Entities[0].Inserted, (await here).Entities[0].Inserted));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_run_over_one_schema_saw_anew_makes_no_rejected_record_of_the_other_outdated(bool stops)
    {
        await using var scene = await TwoAsync();
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Commission\": \"many\""));
        await scene.ResyncAsync("agent");
        scene.Put("agent", Scene.Record(1, Scene.Late, "\"Commission\": \"more\""));
        Use(scene, "mirror");

        await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = stops ? new Limit(0, false) : null });

        Assert.Equal(2, await scene.ScalarAsync<long>("select count(*) from bubblesync.rejected_record where superseded_by is null"));
    }

    [Fact]
    public async Task Neither_removes_lists_closes_or_calls_last_what_is_the_others()
    {
        await using var scene = await TwoAsync();
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Commission\": \"many\""));
        await scene.ResyncAsync("agent");
        await scene.ExecuteAsync("update bubblesync.run set status = 'running', finished_at = now() - interval '1000 days'");
        var here = await scene.ScalarAsync<Guid>("select run_id from bubblesync.run");
        Use(scene, "mirror");
        var there = (await scene.ResyncAsync("agent")).RunId;

        await using var ofMirror = await RunArchive.OpenAsync(scene.Settings.Postgres, scene.Limit);
        Use(scene, "public");
        await using var ofPublic = await RunArchive.OpenAsync(scene.Settings.Postgres, scene.Limit);

        Assert.Equal(2, await scene.ScalarAsync<long>("select count(*) from bubblesync.rejected_record"));
        Assert.Equal("running", await scene.ScalarAsync<string>($"select status from bubblesync.run where run_id = '{here}'"));
        Assert.Equal((there, here), ((await ofMirror.ListAsync(10, null, null, scene.Limit)).Single().RunId, (await ofPublic.ListAsync(10, null, null, scene.Limit)).Single().RunId));
        Assert.Equal((there, here), ((await ofMirror.ShowAsync("last", scene.Limit)).RunId, (await ofPublic.ShowAsync("last", scene.Limit)).RunId));
    }

    private static void Use(Scene scene, string schema) =>
        scene.Settings = scene.Settings with { Postgres = scene.Settings.Postgres with { Schema = schema } };

    private async Task<Scene> TwoAsync()
    {
        var scene = (await Scene.OpenAsync(postgres)).WithPatches();
        await scene.ExecuteAsync("create schema mirror");
        Use(scene, "mirror");
        await scene.Engine().ApplySchemaAsync(scene.Limit);
        Use(scene, "public");
        foreach (var schema in Schemas)
            await scene.ExecuteAsync($"alter table {schema}.agent add foreign key (linked_user_login) references {schema}.\"user\" (bubble_id)");
        return scene;
    }
}
