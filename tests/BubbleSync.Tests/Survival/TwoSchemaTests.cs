using BubbleSync.Etl;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>Two schemas of one database mirror the same app: neither takes anything of the other.</summary>
public sealed class TwoSchemaTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
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
        foreach (var schema in new[] { "public", "mirror" })
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

    private static void Use(Scene scene, string schema) =>
        scene.Settings = scene.Settings with { Postgres = scene.Settings.Postgres with { Schema = schema } };

    private async Task<Scene> TwoAsync()
    {
        var scene = (await Scene.OpenAsync(postgres)).WithPatches();
        await scene.ExecuteAsync("create schema mirror");
        Use(scene, "mirror");
        await scene.Engine().ApplySchemaAsync(scene.Limit);
        Use(scene, "public");
        foreach (var schema in new[] { "public", "mirror" })
            await scene.ExecuteAsync($"alter table {schema}.agent add foreign key (linked_user_login) references {schema}.\"user\" (bubble_id)");
        return scene;
    }
}
