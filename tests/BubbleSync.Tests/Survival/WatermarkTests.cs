using BubbleSync.Etl;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>CONTRACT 6: a watermark is of a verified reading, of this app and type, into this table and key.</summary>
public sealed class WatermarkTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_resync_that_is_not_verified_leaves_no_watermark()
    {
        await using var scene = await Scene.OpenAsync(postgres, new() { Invoices = 0, Faults = ["remaining-absent"] });
        scene.Put("agent", Scene.Record(1, Scene.Early));
        Assert.Equal("partial", (await scene.ResyncAsync("agent")).Status);

        await AssertNoWatermarkAsync(scene, "no run has read this app and type completely into this table yet");
    }

    [Fact]
    public async Task A_verified_reading_in_a_run_that_failed_later_leaves_one()
    {
        await using var scene = await DiedAfterAgentsAsync();
        scene.Put("agent", Scene.Record(2, $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'}"));

        var report = await IncrementalAsync(scene);

        Assert.Equal(("succeeded", 1L), (report.Status, report.Entities[0].Updated));
    }

    [Theory]
    [InlineData("drop table agent; create table public.agent (like kept including all)")]
    [InlineData("truncate agent")]
    [InlineData("delete from agent")]
    public async Task A_table_that_was_emptied_or_made_anew_has_none(string sql)
    {
        await using var scene = await SyncedAsync();
        await scene.ExecuteAsync($"create table public.kept (like agent including all); {sql}");

        await AssertNoWatermarkAsync(scene, "agent");
        Assert.Equal(("succeeded", 3L), (await scene.ResyncAsync("agent") is var report ? (report.Status, report.Entities[0].Inserted) : default));
        Assert.Equal("succeeded", (await IncrementalAsync(scene)).Status);
    }

    [Theory]
    [InlineData("\"table\": \"agent\"", "\"table\": \"broker\"")]
    [InlineData("\"bubbleType\": \"agent\"", "\"bubbleType\": \"broker\"")]
    public async Task A_map_with_another_table_or_type_has_none(string from, string to)
    {
        await using var scene = await SyncedAsync();
        await scene.ExecuteAsync("create table public.broker (like agent including all)");
        scene.Bubble.Records.Put("broker", Scene.Record(7, Scene.Early));
        scene.WithMap("agent", map => map.Replace(from, to, StringComparison.Ordinal));

        await AssertNoWatermarkAsync(scene, "no run has read this app and type completely into this table yet");
    }

    [Fact]
    public async Task One_that_lies_in_the_future_is_not_trusted()
    {
        await using var scene = await SyncedAsync();
        await scene.ExecuteAsync("update bubblesync.run set started_at = now() + interval '2 days', upper_bound = now() + interval '2 days'");

        await AssertNoWatermarkAsync(scene, "lies in the future");
    }

    [Fact]
    public async Task One_of_a_program_that_did_not_note_what_it_read_holds_as_long_as_nothing_changes()
    {
        await using var scene = await SyncedAsync();
        await scene.ExecuteAsync("delete from bubblesync.run_target");
        scene.Put("agent", Scene.Record(9, Scene.Late));

        var first = await IncrementalAsync(scene);
        await scene.ExecuteAsync("delete from bubblesync.run_entity where run_id = (select run_id from bubblesync.run where kind = 'incremental')");
        scene.WithMap("agent", map => map.Replace("\"bubbleType\": \"agent\"", "\"bubbleType\": \"broker\"", StringComparison.Ordinal));

        Assert.Equal("succeeded", first.Status);
        await AssertNoWatermarkAsync(scene, "no run has read this app and type completely into this table yet");
    }

    [Fact]
    public async Task A_table_that_is_rightly_empty_keeps_its_watermark()
    {
        await using var scene = await SyncedAsync();
        for (var number = 1; number <= 3; number++)
            scene.Bubble.Records.Delete("agent", Scene.Id(number));
        await scene.ExecuteAsync("delete from agent");
        await scene.ResyncAsync("agent");

        Assert.Equal("succeeded", (await IncrementalAsync(scene)).Status);
    }

    [Fact]
    public async Task A_resume_takes_over_what_was_staged_under_names_that_the_app_settled()
    {
        await using var scene = (await Scene.OpenAsync(postgres)).With(windowSize: 10, pageSize: 5)
            .WithMap("agent", map => map.Replace("\"from\": \"Name\"", "\"from\": \"Full name\"", StringComparison.Ordinal));
        for (var number = 1; number <= 40; number++)
            scene.Put("agent", Scene.Record(number, Scene.Early, "\"Full-Name\": \"Ann\"", created: $"2026-02-{1 + (number % 25):00}T00:00:00.000Z"));
        scene.Settings = scene.Settings with { Bubble = scene.Settings.Bubble with { MaxConcurrency = 1 } };
        var first = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxCalls = 17 });
        var known = await Pages.ProvedAsync(scene);
        var pages = new Pages(scene);

        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal("failed", first.Status);
        Assert.True(report.Status == "succeeded", report.ToJson());
        Assert.NotEmpty(known);
        pages.AssertNotRead(known);
        Assert.Equal(40, await scene.ScalarAsync<long>("select count(name) from agent"));
        Assert.Empty(await scene.StagingAsync());
    }

    [Fact]
    public async Task A_resume_begins_anew_with_an_entity_whose_merged_table_was_emptied()
    {
        await using var scene = await DiedAfterAgentsAsync();
        await scene.ExecuteAsync("truncate agent");

        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal(("succeeded", 3L), (report.Status, report.Entities.Single(e => e.Name == "agent").Inserted));
        Assert.Equal(3, await scene.ScalarAsync<long>("select count(*) from agent"));
    }

    [Fact]
    public async Task A_resume_begins_anew_with_an_entity_whose_type_is_another_one()
    {
        await using var scene = await DiedAfterAgentsAsync();
        scene.Bubble.Records.Put("broker", Scene.Record(7, Scene.Early));
        scene.WithMap("agent", map => map.Replace("\"bubbleType\": \"agent\"", "\"bubbleType\": \"broker\"", StringComparison.Ordinal));

        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true });

        // The three rows of the other type are in no answer now, which is far more than a fifth.
        Assert.Equal(("partial", 1L), (report.Status, report.Entities.Single(e => e.Name == "agent").Inserted));
        Assert.Equal("too-many-gone", Assert.Single(report.Errors).Code);
    }

    [Fact]
    public async Task A_resumed_run_reports_the_calls_of_all_its_attempts()
    {
        await using var scene = await SyncedAsync();

        var first = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxCalls = 2 });
        var second = await scene.ResyncAsync(new ResyncOptions { Resume = true, MaxCalls = 1 });
        scene.Bubble.Traffic.Reset();
        var third = await scene.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((2, 3), (first.Api.Calls, second.Api.Calls));
        Assert.Equal(3 + scene.Bubble.Traffic.Requests, third.Api.Calls);
        Assert.Equal(
            third.Api.Calls,
            await scene.ScalarAsync<long>($"select (result -> 'api' ->> 'calls')::bigint from bubblesync.run where run_id = '{third.RunId}'"));
    }

    // A run that merged the agents and then failed: a customer's table refuses its lock.
    private async Task<Scene> DiedAfterAgentsAsync()
    {
        var scene = await Scene.OpenAsync(postgres);
        Fill(scene);
        scene.Put("user", Scene.Record(50, Scene.Early));
        scene.Bubble.Traffic.OnRequest = async request =>
        {
            if (request.Type == "user" && request.Constraints.Length > 0)
                await scene.UntilAsync("select exists (select from bubblesync.run_entity where entity = 'agent')");
        };
        await scene.ExecuteAsync(
            "create function die() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$; "
            + "create trigger die before insert on \"user\" for each row execute function die()");
        var report = await scene.ResyncAsync("agent", "user");
        Assert.Equal("failed", report.Status);
        await scene.ExecuteAsync("drop function die cascade");
        scene.Bubble.Traffic.OnRequest = null;
        return scene;
    }

    private async Task<Scene> SyncedAsync()
    {
        var scene = await Scene.OpenAsync(postgres);
        Fill(scene);
        await scene.ResyncAsync("agent");
        return scene;
    }

    private static void Fill(Scene scene)
    {
        for (var number = 1; number <= 3; number++)
            scene.Put("agent", Scene.Record(number, Scene.Early));
    }

    private static Task<RunReport> IncrementalAsync(Scene scene) => scene.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, scene.Limit);

    private static async Task AssertNoWatermarkAsync(Scene scene, string why)
    {
        var outcome = await Bubblesync.RunAsync(scene, [("Run__Entities", scene.Settings.Run.Entities)], "sync", "incremental", "--entity", "agent");

        Assert.True(outcome.Code == 2, outcome.All);
        Assert.Contains("there is nothing to start from", outcome.All, StringComparison.Ordinal);
        Assert.Contains(why, outcome.All, StringComparison.Ordinal);
        Assert.Contains("Run 'bubblesync resync", outcome.All, StringComparison.Ordinal);
    }
}
