using System.Text.Json;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 8: what a run leaves behind.</summary>
public sealed class ControlTableTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_run_leaves_its_history_and_no_staging()
    {
        await using var scene = await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 10 });

        var report = await scene.ResyncAsync();

        Assert.Equal(
            $"{report.RunId}|resync|succeeded|true|true",
            await scene.RowAsync("select run_id::text, kind, status, finished_at > started_at, jsonb_typeof(options) = 'object' from bubblesync.run"));
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(report.ToJson()).RootElement, JsonDocument.Parse((await scene.ScalarAsync<string>("select result::text from bubblesync.run"))!).RootElement));
        Assert.Equal(
            report.Entities.OrderBy(e => e.Name).Select(e => $"{e.Name}|{e.Level}|{e.Expected}|{e.Extracted}|{e.Staged}|{e.Inserted}|{e.Updated}|{e.Unchanged}|{e.Conflicts}|{e.Rejected}|{e.MissingLinks}|{e.NotInBubble}|{e.Pruned}|true|true"),
            await scene.RowsAsync("select entity, level, expected, extracted, staged, inserted, updated, unchanged, conflicts, rejected, missing_links, not_in_bubble, pruned, (proof->>'isComplete')::boolean, finished_at >= started_at from bubblesync.run_entity order by entity"));
        Assert.Equal(16, await scene.ScalarAsync<long>($"select count(*) from bubblesync.\"window\" where run_id = '{report.RunId}' and status = 'proved'"));
        Assert.Equal(report.Entities.Sum(e => e.MissingLinks), await scene.ScalarAsync<long>("select count(*) from bubblesync.missing_link"));
        Assert.Equal(report.Warnings.Order(), (await scene.RowsAsync("select message from bubblesync.activity_log where level = 'warning' and stage = 'run'")).Order());
        Assert.Empty(await scene.RowsAsync("select tablename from pg_tables where schemaname = 'bubblesync_staging'"));
    }

    [Fact]
    public async Task The_next_run_clears_the_staging_of_one_that_failed()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync("alter table agent add constraint nobody check (false) not valid");
        scene.Put("agent", Scene.Record(1, Scene.Early));
        await scene.ResyncAsync("agent");
        var left = await scene.RowsAsync("select tablename from pg_tables where schemaname = 'bubblesync_staging'");
        await scene.ExecuteAsync("alter table agent drop constraint nobody");

        var report = await scene.ResyncAsync("agent");

        Assert.Equal(2, left.Count);
        Assert.Equal(("succeeded", 1L), (report.Status, report.Entities[0].Inserted));
        Assert.Empty(await scene.RowsAsync("select tablename from pg_tables where schemaname = 'bubblesync_staging'"));
    }

    [Fact]
    public async Task A_run_that_is_cancelled_says_so_and_merges_nothing_by_halves()
    {
        await using var scene = await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 10 });
        using var stop = new CancellationTokenSource();
        scene.Bubble.Traffic.OnRequest = request => request.Type == "invoice" && request.Constraints.Length > 0 ? stop.CancelAsync() : Task.CompletedTask;

        var report = await scene.Engine().ResyncAsync(new(), null, stop.Token);

        Assert.Equal("cancelled", report.Status);
        Assert.Equal("cancelled|0", await scene.RowAsync("select status, (select count(*) from invoice) from bubblesync.run"));
        Assert.Equal("succeeded", await StatusWithoutHookAsync(scene));
    }

    private static async Task<string> StatusWithoutHookAsync(Scene scene)
    {
        scene.Bubble.Traffic.OnRequest = null;
        return (await scene.ResyncAsync()).Status;
    }
}
