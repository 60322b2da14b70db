using System.Globalization;
using BubbleSync.Etl;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>CONTRACT 5.5: reprocessing never loads what is older than the last that any run saw of a record.</summary>
public sealed class ReprocessTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Bad = "\"Commission\": \"many\"";

    [Fact]
    public async Task A_record_that_a_later_run_rejected_in_a_newer_version_is_left_out()
    {
        await using var scene = await RejectedAsync();
        var first = await LastRunAsync(scene);
        scene.Put("agent", Scene.Record(1, Scene.Late, "\"Commission\": \"more\""));
        await scene.ResyncAsync("agent");
        var newer = await LastRunAsync(scene);
        await AllowTextAsync(scene);

        var outdated = await ReprocessAsync(scene, first);
        var second = await ReprocessAsync(scene, newer);

        Assert.Equal(("succeeded", 0L), (outdated.Status, outdated.Entities[0].Extracted));
        Assert.Contains(outdated.Warnings, w => w.StartsWith("1 of the records that run", StringComparison.Ordinal));
        Assert.Equal(("succeeded", 1L), (second.Status, second.Entities[0].Inserted));
        Assert.Equal("more", await scene.ScalarAsync<string>("select commission from agent"));
    }

    [Fact]
    public async Task A_record_that_a_verified_run_found_gone_is_not_inserted_again()
    {
        await using var scene = await RejectedAsync();
        var first = await LastRunAsync(scene);
        scene.Bubble.Records.Delete("agent", Scene.Id(1));
        scene.Put("agent", Scene.Record(2, Scene.Early));
        await scene.ResyncAsync("agent");
        await AllowTextAsync(scene);

        await ReprocessAsync(scene, first);

        Assert.Equal([Scene.Id(2)], await scene.RowsAsync("select bubble_id from agent"));
    }

    [Fact]
    public async Task A_mark_of_deletion_stays()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        for (var number = 1; number <= 6; number++)
            scene.Put("agent", Scene.Record(number, Scene.Early));
        await scene.ResyncAsync("agent");
        scene.Put("agent", Scene.Record(1, Scene.Late, Bad));
        await scene.ResyncAsync("agent");
        var rejecting = await LastRunAsync(scene);
        scene.Bubble.Records.Delete("agent", Scene.Id(1));
        await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Soft });
        await AllowTextAsync(scene);

        await ReprocessAsync(scene, rejecting);

        Assert.Equal([Scene.Id(1)], await scene.RowsAsync("select bubble_id from agent where deleted_in_bubble_at is not null"));
    }

    [Fact]
    public async Task Records_that_no_later_run_knows_better_are_loaded_and_the_others_are_counted()
    {
        await using var scene = await RejectedAsync(1, 2);
        var first = await LastRunAsync(scene);
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        scene.Put("agent", Scene.Record(1, now, "\"Name\": \"good\""));
        await scene.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, scene.Limit);
        await AllowTextAsync(scene);

        var report = await ReprocessAsync(scene, first);

        Assert.Equal(("succeeded", 1L), (report.Status, report.Entities[0].Inserted));
        Assert.Contains(report.Warnings, w => w.StartsWith("1 of the records that run", StringComparison.Ordinal));
        Assert.Equal(["good|~", "~|many"], await scene.RowsAsync("select name, commission from agent order by bubble_id"));
    }

    [Fact]
    public async Task An_entity_without_a_map_blocks_only_itself()
    {
        await using var scene = await RejectedAsync();
        scene.Put("Customer_Profile", Scene.Record(5, "no date"));
        await scene.ResyncAsync("agent", "customer");
        await AllowTextAsync(scene);
        File.Delete(Path.Combine(scene.Settings.Run.Entities, "customer.json"));

        var report = await ReprocessAsync(scene, "last");

        Assert.Equal(("partial", "entity-gone", 1L), (report.Status, report.Errors[0].Code, report.Entities.Single().Inserted));
    }

    [Fact]
    public async Task Records_that_are_no_longer_kept_are_not_called_none()
    {
        await using var scene = await RejectedAsync();
        await scene.ExecuteAsync("delete from bubblesync.rejected_record");

        var failure = await Assert.ThrowsAsync<SyncException>(() => ReprocessAsync(scene, "last"));

        Assert.Contains("no longer kept (Run:KeepDays): 1.", failure.Message, StringComparison.Ordinal);
        await using var archive = await RunArchive.OpenAsync(scene.Settings.Postgres, CancellationToken.None);
        var listing = await Assert.ThrowsAsync<SyncException>(() => archive.RejectedAsync("last", null, CancellationToken.None));
        Assert.Contains("no longer kept (Run:KeepDays): 1.", listing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_names_no_rows_that_it_has_not_written()
    {
        await using var scene = await RejectedAsync();
        scene.Put("agent", Scene.Record(2, Scene.Early, $"\"Linked User Login\": \"{Scene.Id(99)}\""));

        var report = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], DryRun = true });

        Assert.Equal(1, report.Entities[0].Rejected);
        Assert.DoesNotContain("bubblesync.", string.Join(' ', report.Errors.Select(e => e.Message).Concat(report.Warnings)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("max-rejects")]
    [InlineData("cancel")]
    [InlineData("incremental")]
    public async Task A_record_of_which_a_run_that_merged_nothing_saw_another_version_is_left_out(string how)
    {
        await using var scene = await RejectedAsync(1, 2);
        var first = await LastRunAsync(scene);
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        scene.Put("agent", Scene.Record(1, now, "\"Name\": \"new\""));
        if (how == "max-rejects")
            scene.Put("agent", Scene.Record(1, Scene.Late, Bad));
        await SeeAsync(scene, how);
        await AllowTextAsync(scene);

        var report = await ReprocessAsync(scene, first);

        Assert.Contains(report.Warnings, w => w.StartsWith("1 of the records that run", StringComparison.Ordinal));
        Assert.Equal([Scene.Id(2)], await scene.RowsAsync("select bubble_id from agent"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_run_saw_anew_of_one_entity_makes_no_rejected_record_of_another_outdated(bool stops)
    {
        await using var scene = await RejectedAsync();
        scene.Put("Customer_Profile", Scene.Record(1, "no date"));
        await scene.ResyncAsync("customer");
        scene.Put("agent", Scene.Record(1, Scene.Late, Bad));

        await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = stops ? new Limit(0, false) : null });

        Assert.Equal(["agent"], await scene.RowsAsync("select distinct entity from bubblesync.rejected_record where superseded_by is not null"));
    }

    private static async Task SeeAsync(Scene scene, string how)
    {
        if (how == "verify")
            await scene.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, scene.Limit);
        else if (how == "max-rejects")
            Assert.Equal("failed", (await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = new Limit(0, false) })).Status);
        else
            await StopAtMergeAsync(scene, how);
    }

    private static async Task StopAtMergeAsync(Scene scene, string how)
    {
        await using var door = await Door.ShutAsync(scene, "lock table agent in exclusive mode");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(scene.Limit);
        var run = how == "cancel"
            ? scene.Engine().ResyncAsync(new ResyncOptions { Entities = ["agent"] }, null, stop.Token)
            : scene.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, stop.Token);
        await door.SomebodyWaitsAsync();
        await stop.CancelAsync();
        Assert.Equal("cancelled", (await run).Status);
    }

    private async Task<Scene> RejectedAsync(params int[] numbers)
    {
        var scene = await Scene.OpenAsync(postgres);
        foreach (var number in numbers.DefaultIfEmpty(1))
            scene.Put("agent", Scene.Record(number, Scene.Early, Bad));
        Assert.Equal("partial", (await scene.ResyncAsync("agent")).Status);
        return scene;
    }

    private static async Task AllowTextAsync(Scene scene)
    {
        await scene.ExecuteAsync("alter table agent alter commission type text");
        scene.WithMap("agent", map => string.Join('\n', map.Split('\n').Select(l =>
            l.Contains("\"commission\"", StringComparison.Ordinal) ? l.Replace("\"integer\"", "\"text\"", StringComparison.Ordinal) : l)));
    }

    private static async Task<string> LastRunAsync(Scene scene) =>
        (await scene.ScalarAsync<string>("select run_id::text from bubblesync.run order by started_at desc limit 1"))!;

    private static Task<RunReport> ReprocessAsync(Scene scene, string run) => scene.Engine().ReprocessAsync(run, force: false, scene.Limit);
}
