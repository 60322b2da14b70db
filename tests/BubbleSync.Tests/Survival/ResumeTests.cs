using System.Globalization;
using System.Text.Json.Nodes;
using BubbleSync.Etl;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>What a resume takes over, and what it must not.</summary>
public sealed class ResumeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Links_looked_at_only_in_part_before_the_end_are_each_told_once()
    {
        const string Told = "select entity, column_name, count(*) from bubblesync.missing_link where run_id = '{0}' group by 1, 2 order by 1, 2";
        var options = new SimulatorOptions { Invoices = 60 };
        await using var calm = await Scene.OpenAsync(postgres, options);
        await using var scene = await Scene.OpenAsync(postgres, options);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(scene.Limit);
        await scene.Engine().ApplySchemaAsync(scene.Limit);
        await scene.ExecuteAsync("""
            create function wait_for_door() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock(42); return new; end';
            create trigger wait_for_door before insert on bubblesync.missing_link for each row when (new.entity = 'payment') execute function wait_for_door()
            """);

        RunReport stopped;
        await using (var door = await Door.ShutAsync(scene, "select pg_advisory_xact_lock(42)"))
        {
            var run = scene.Engine().ResyncAsync(new ResyncOptions(), null, stop.Token);
            await door.SomebodyWaitsAsync();
            await stop.CancelAsync();
            stopped = await run;
        }

        var inPart = await scene.RowsAsync(string.Format(CultureInfo.InvariantCulture, Told, stopped.RunId));
        var resumed = await scene.ResyncAsync(new ResyncOptions { Resume = true });
        var whole = await calm.ResyncAsync();

        var expected = await calm.RowsAsync(string.Format(CultureInfo.InvariantCulture, Told, whole.RunId));
        Assert.Equal(("cancelled", "succeeded"), (stopped.Status, resumed.Status));
        Assert.NotEmpty(inPart);
        Assert.NotEqual(expected, inPart);
        Assert.Equal(expected, await scene.RowsAsync(string.Format(CultureInfo.InvariantCulture, Told, resumed.RunId)));
        Assert.Equal(whole.Entities.Select(e => e.MissingLinks), resumed.Entities.Select(e => e.MissingLinks));
    }

    [Fact]
    public async Task An_entity_whose_map_was_changed_in_between_is_read_again_and_no_other()
    {
        await using var scene = await StoppedAsync();
        var known = await Pages.ProvedAsync(scene);
        scene.WithMap("payment", map => map.Replace("\"column\": \"remark\"", "\"column\": \"notes\"", StringComparison.Ordinal));
        await scene.ExecuteAsync("alter table payment add column notes text");
        Assert.Contains(known, window => window.StartsWith("payment ", StringComparison.Ordinal));
        Assert.Contains(known, window => !window.StartsWith("payment ", StringComparison.Ordinal));

        var pages = new Pages(scene);
        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal("succeeded", report.Status);
        pages.AssertNotRead([.. known.Where(window => !window.StartsWith("payment ", StringComparison.Ordinal))]);
        Assert.Equal(known.Where(window => window.StartsWith("payment ", StringComparison.Ordinal)).Order(), pages.Begun.Intersect(known).Order());
        Assert.Equal("true|true|0", await scene.RowAsync("select count(*) = 24, count(notes) > 0, count(remark) from payment"));
        Assert.Empty(await scene.StagingAsync());
    }

    [Fact]
    public async Task An_entity_whose_table_was_changed_in_between_is_read_again()
    {
        await using var scene = await StoppedAsync();
        await scene.ExecuteAsync("alter table invoice alter column status type varchar(5)");

        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal("partial", report.Status);
        Assert.Equal("true", await scene.RowAsync("select count(*) > 0 and bool_and(field = 'Status') from bubblesync.rejected_record where entity = 'invoice'"));
        Assert.Empty(await scene.StagingAsync());
    }

    [Fact]
    public async Task What_changes_in_Bubble_between_death_and_resume_is_caught_up()
    {
        await using var scene = await StoppedAsync();
        // All but customers, who may be merged by then: what changes after an entity's merge is the next run's.
        var open = Maps.All.Where(map => map.Name != "customer").ToList();
        foreach (var (map, number) in open.Select((map, number) => (map, number)))
            scene.Put(map.Type, Scene.Record(number, Now(), created: Now()));
        var edited = JsonNode.Parse(scene.Bubble.Records.At("invoice", 3))!.AsObject();
        (edited["Modified Date"], edited["Status"]) = (Now(), "edited");
        scene.Put("invoice", edited.ToJsonString());

        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.True(report.Status == "succeeded", report.ToJson());
        Assert.Equal(1, await scene.ScalarAsync<long>("select count(*) from invoice where status = 'edited'"));
        foreach (var map in open)
            Assert.Equal((map.Name, scene.Bubble.Records.Count(map.Type)), (map.Name, await scene.ScalarAsync<long>($"select count(*) from \"{map.Table}\"")));
    }

    [Fact]
    public async Task Its_summary_tells_what_it_read_itself_of_all_that_the_run_has()
    {
        await using var scene = await StoppedAsync();
        var kept = await scene.ScalarAsync<long>("select sum(rows_read)::bigint from bubblesync.\"window\" where kind = 'created'");
        var all = Maps.All.Sum(map => scene.Bubble.Records.Count(map.Type));

        var outcome = await Bubblesync.RunAsync(scene, [("Bubble__WindowSize", "8"), ("Bubble__PageSize", "5")], "resync", "--resume");

        Assert.True(kept > 0 && outcome.Code == 0, outcome.All);
        Assert.Contains($"resync succeeded: {all - kept} of {all} records read in ", outcome.Output, StringComparison.Ordinal);
        Assert.Equal($"{all - kept}", await scene.RowAsync("select result ->> 'read' from bubblesync.run"));
    }

    [Fact]
    public async Task What_is_read_after_the_resume_counts_over_what_was_read_before_where_both_have_one_Modified_Date()
    {
        // The catch-up pass reads it again each time.
        const string Ahead = "2999-01-01T00:00:00.000Z";
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("agent", Scene.Record(1, Ahead, "\"Name\": \"before\""));
        await StopAtMergeAsync(scene);
        scene.Put("agent", Scene.Record(1, Ahead, "\"Name\": \"after\""));

        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal(("succeeded", "after"), (report.Status, await scene.ScalarAsync<string>("select name from agent")));
    }

    [Fact]
    public async Task What_the_catch_up_pass_read_before_is_no_part_of_the_history_after_the_resume()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 5))
            scene.Put("agent", Scene.Record(number, "2999-01-01T00:00:00.000Z"));
        var whole = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], DryRun = true });
        await StopAtMergeAsync(scene);

        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal("succeeded", report.Status);
        Assert.Equal(whole.Entities[0].Proof!.Read, report.Entities[0].Proof!.Read);
    }

    [Fact]
    public async Task What_the_catch_up_pass_read_before_hides_no_record_that_came_before_the_resume()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 3))
            scene.Put("agent", Scene.Record(number, number == 1 ? "2999-01-01T00:00:00.000Z" : Scene.Early));
        await StopAtMergeAsync(scene);
        // In no window, and no change either: only the counts show it.
        scene.Put("agent", $"{{\"_id\": \"{Scene.Id(9)}\", \"Modified Date\": \"{Scene.Early}\"}}");

        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal(("succeeded", 4L), (report.Status, report.Entities[0].Inserted));
    }

    [Fact]
    public async Task What_an_entity_rejected_that_was_merged_before_the_resume_leaves_the_run_partial()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Commission\": \"many\""));
        scene.Put("Customer_Profile", Scene.Record(2, Scene.Early));
        using (var stop = new CancellationTokenSource())
        {
            await using var door = await Door.ShutAsync(scene, "lock table customer in exclusive mode");
            var run = scene.Engine().ResyncAsync(new ResyncOptions { Entities = ["agent", "customer"] }, null, stop.Token);
            await door.SomebodyWaitsAsync();
            await scene.UntilAsync("select exists (select from bubblesync.run_entity where entity = 'agent')");
            await stop.CancelAsync();
            await run;
        }

        var report = await scene.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal(("partial", "rejected", "agent"), (report.Status, Assert.Single(report.Errors).Code, report.Errors[0].Entity));
    }

    [Fact]
    public async Task A_run_that_ended_well_is_nothing_to_resume()
    {
        await using var scene = await Scene.OpenAsync(postgres);

        var never = await Bubblesync.RunAsync(scene, "resync", "--resume");
        await scene.ResyncAsync("agent");
        var done = await Bubblesync.RunAsync(scene, "resync", "--resume");

        Assert.Equal((2, 2), (never.Code, done.Code));
        Assert.Contains("nothing to resume: there is no resync of this schema yet", never.Error, StringComparison.Ordinal);
        Assert.Contains("ended as succeeded", done.Error, StringComparison.Ordinal);
    }

    private static string Now() => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null);

    // A run that has read everything, the catch-up pass included, and merged nothing.
    private static async Task StopAtMergeAsync(Scene scene)
    {
        await using var door = await Door.ShutAsync(scene, "lock table agent in exclusive mode");
        using var stop = new CancellationTokenSource();
        var run = scene.Engine().ResyncAsync(new ResyncOptions { Entities = ["agent"] }, null, stop.Token);
        await door.SomebodyWaitsAsync();
        Assert.Equal(1, await scene.ScalarAsync<long>("select count(*) from bubblesync.\"window\" w join bubblesync.run r using (run_id) where w.kind = 'modified' and r.status = 'running'"));
        await stop.CancelAsync();
        Assert.Equal("cancelled", (await run).Status);
    }

    // A run that has read a good part of everything and merged nothing yet.
    private async Task<Scene> StoppedAsync()
    {
        var scene = (await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 })).With(windowSize: 8, pageSize: 5);
        await using var door = await Door.ShutAsync(scene, "lock table agent in exclusive mode");
        using var stop = new CancellationTokenSource();
        var run = scene.Engine().ResyncAsync(new ResyncOptions(), null, stop.Token);
        await scene.UntilAsync("select count(distinct entity) = 8 and count(*) > 20 from bubblesync.\"window\"");
        await stop.CancelAsync();
        Assert.Equal("cancelled", (await run).Status);
        return scene;
    }
}
