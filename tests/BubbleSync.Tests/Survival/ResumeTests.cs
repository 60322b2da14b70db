using System.Globalization;
using System.Text.Json.Nodes;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>What a resume takes over, and what it must not.</summary>
public sealed class ResumeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Links_of_a_run_that_stopped_while_it_looked_at_them_are_each_told_once()
    {
        const string Told = "select entity, column_name, count(*) from bubblesync.missing_link where run_id = '{0}' group by 1, 2 order by 1, 2";
        var options = new SimulatorOptions { Invoices = 60 };
        await using var calm = await SyncFixture.OpenAsync(postgres, options);
        await using var fixture = await SyncFixture.OpenAsync(postgres, options);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(fixture.Limit);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        await fixture.ExecuteAsync("""
            create function wait_for_door() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock(42); return new; end';
            create trigger wait_for_door before insert on bubblesync.missing_link for each row when (new.entity = 'payment') execute function wait_for_door()
            """);

        RunReport stopped;
        await using (var heldLock = await HeldLock.ShutAsync(fixture, "select pg_advisory_xact_lock(42)"))
        {
            var run = fixture.Engine().ResyncAsync(new ResyncOptions(), null, stop.Token);
            await heldLock.SomebodyWaitsAsync();
            await stop.CancelAsync();
            stopped = await run;
        }

        var inPart = await fixture.RowsAsync(string.Format(CultureInfo.InvariantCulture, Told, stopped.RunId));
        var resumed = await fixture.ResyncAsync(new ResyncOptions { Resume = true });
        var whole = await calm.ResyncAsync();

        var expected = await calm.RowsAsync(string.Format(CultureInfo.InvariantCulture, Told, whole.RunId));
        Assert.Equal((RunStatus.Cancelled, RunStatus.Succeeded), (stopped.Status, resumed.Status));
        Assert.NotEmpty(expected);
        Assert.Empty(inPart);
        Assert.Equal(expected, await fixture.RowsAsync(string.Format(CultureInfo.InvariantCulture, Told, resumed.RunId)));
        Assert.Equal(whole.Entities.Select(e => e.MissingLinks), resumed.Entities.Select(e => e.MissingLinks));
    }

    [Fact]
    public async Task An_entity_whose_map_was_changed_in_between_is_read_again_and_no_other()
    {
        await using var fixture = await StoppedAsync();
        var known = await Pages.ProvedAsync(fixture);
        fixture.WithMap("payment", map => map.Replace("\"column\": \"remark\"", "\"column\": \"notes\"", StringComparison.Ordinal));
        await fixture.ExecuteAsync("alter table payment add column notes text");
        Assert.Contains(known, window => window.StartsWith("payment ", StringComparison.Ordinal));
        Assert.Contains(known, window => !window.StartsWith("payment ", StringComparison.Ordinal));

        var pages = new Pages(fixture);
        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal(RunStatus.Succeeded, report.Status);
        pages.AssertNotRead([.. known.Where(window => !window.StartsWith("payment ", StringComparison.Ordinal))]);
        Assert.Equal(known.Where(window => window.StartsWith("payment ", StringComparison.Ordinal)).Order(), pages.Begun.Intersect(known).Order());
        Assert.Equal("true|true|0", await fixture.RowAsync("select count(*) = 24, count(notes) > 0, count(remark) from payment"));
        Assert.Empty(await fixture.StagingAsync());
    }

    [Fact]
    public async Task An_entity_whose_table_was_changed_in_between_is_read_again()
    {
        await using var fixture = await StoppedAsync();
        await fixture.ExecuteAsync("alter table invoice alter column status type varchar(5)");

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal(RunStatus.Partial, report.Status);
        Assert.Equal("true", await fixture.RowAsync("select count(*) > 0 and bool_and(field = 'Status') from bubblesync.rejected_record where "
            + "entity = 'invoice'"));
        Assert.Empty(await fixture.StagingAsync());
    }

    [Fact]
    public async Task What_changes_in_Bubble_between_death_and_resume_is_caught_up()
    {
        await using var fixture = await StoppedAsync();
        // All but customers, who may be merged by then: what changes after an entity's merge is the next run's.
        var open = Maps.All.Where(map => map.Name != "customer").ToList();
        foreach (var (map, number) in open.Select((map, number) => (map, number)))
            fixture.Put(map.Type, SyncFixture.Record(number, Now(), created: Now()));
        var edited = JsonNode.Parse(fixture.Bubble.Records.At("invoice", 3))!.AsObject();
        (edited["Modified Date"], edited["Status"]) = (Now(), "edited");
        fixture.Put("invoice", edited.ToJsonString());

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(*) from invoice where status = 'edited'"));
        foreach (var map in open)
            Assert.Equal(
                (map.Name, fixture.Bubble.Records.Count(map.Type)), (map.Name, await fixture.ScalarAsync<long>($"select count(*) from \"{map.Table}\"")));
    }

    [Fact]
    public async Task Its_summary_tells_what_it_read_itself_of_all_that_the_run_has()
    {
        await using var fixture = await StoppedAsync();
        var kept = await fixture.ScalarAsync<long>("select sum(rows_read)::bigint from bubblesync.\"window\" where kind = 'created'");
        var all = Maps.All.Sum(map => fixture.Bubble.Records.Count(map.Type));

        var outcome = await Bubblesync.RunAsync(fixture, [("Bubble__WindowSize", "8"), ("Bubble__PageSize", "5")], "resync", "--resume");

        Assert.True(kept > 0 && outcome.Code == 0, outcome.All);
        Assert.Contains($"resync succeeded: {all - kept} of {all} records read in ", outcome.Output, StringComparison.Ordinal);
        Assert.Equal($"{all - kept}", await fixture.RowAsync("select result ->> 'read' from bubblesync.run"));
    }

    [Fact]
    public async Task What_is_read_after_the_resume_counts_over_what_was_read_before_where_both_have_one_Modified_Date()
    {
        // The catch-up pass reads it again each time.
        const string Ahead = "2999-01-01T00:00:00.000Z";
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, Ahead, "\"Name\": \"before\""));
        await StopAtMergeAsync(fixture);
        fixture.Put("agent", SyncFixture.Record(1, Ahead, "\"Name\": \"after\""));

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Succeeded, "after"), (report.Status, await fixture.ScalarAsync<string>("select name from agent")));
    }

    [Fact]
    public async Task What_the_catch_up_pass_read_before_is_no_part_of_the_history_after_the_resume()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 5))
            fixture.Put("agent", SyncFixture.Record(number, "2999-01-01T00:00:00.000Z"));
        var whole = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], DryRun = true });
        await StopAtMergeAsync(fixture);

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal(whole.Entities[0].Proof!.Read, report.Entities[0].Proof!.Read);
    }

    [Fact]
    public async Task What_the_catch_up_pass_read_before_hides_no_record_that_came_before_the_resume()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 3))
            fixture.Put("agent", SyncFixture.Record(number, number == 1 ? "2999-01-01T00:00:00.000Z" : SyncFixture.Early));
        await StopAtMergeAsync(fixture);
        // In no window, and no change either: only the counts show it.
        fixture.Put("agent", $"{{\"_id\": \"{SyncFixture.Id(9)}\", \"Modified Date\": \"{SyncFixture.Early}\"}}");

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Succeeded, 4L), (report.Status, report.Entities[0].Inserted));
    }

    [Fact]
    public async Task What_an_entity_rejected_that_was_merged_before_the_resume_leaves_the_run_partial()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": \"many\""));
        fixture.Put("Customer_Profile", SyncFixture.Record(2, SyncFixture.Early));
        using (var stop = new CancellationTokenSource())
        {
            await using var heldLock = await HeldLock.ShutAsync(fixture, "lock table customer in exclusive mode");
            var run = fixture.Engine().ResyncAsync(new ResyncOptions { Entities = ["agent", "customer"] }, null, stop.Token);
            await heldLock.SomebodyWaitsAsync();
            await fixture.UntilAsync("select exists (select from bubblesync.run_entity where entity = 'agent')");
            await stop.CancelAsync();
            await run;
        }

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Partial, ErrorCode.Rejected, "agent"), (report.Status, Assert.Single(report.Errors).Code, report.Errors[0].Entity));
    }

    [Fact]
    public async Task A_run_that_ended_well_is_nothing_to_resume()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var never = await Bubblesync.RunAsync(fixture, "resync", "--resume");
        await fixture.ResyncAsync("agent");
        var done = await Bubblesync.RunAsync(fixture, "resync", "--resume");

        Assert.Equal((2, 2), (never.Code, done.Code));
        Assert.Contains("nothing to resume: there is no resync of this schema yet", never.Error, StringComparison.Ordinal);
        Assert.Contains("ended as succeeded", done.Error, StringComparison.Ordinal);
    }

    private static string Now() => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null);

    // A run that has read everything, the catch-up pass included, and merged nothing.
    private static async Task StopAtMergeAsync(SyncFixture fixture)
    {
        await using var heldLock = await HeldLock.ShutAsync(fixture, "lock table agent in exclusive mode");
        using var stop = new CancellationTokenSource();
        var run = fixture.Engine().ResyncAsync(new ResyncOptions { Entities = ["agent"] }, null, stop.Token);
        await heldLock.SomebodyWaitsAsync();
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(*) from bubblesync.\"window\" w join bubblesync.run r using (run_id) where w.kind = "
            + "'modified' and r.status = 'running'"));
        await stop.CancelAsync();
        Assert.Equal(RunStatus.Cancelled, (await run).Status);
    }

    // A run that has read a good part of everything and merged nothing yet.
    private async Task<SyncFixture> StoppedAsync()
    {
        var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 })).With(windowSize: 8, pageSize: 5);
        await using var heldLock = await HeldLock.ShutAsync(fixture, "lock table agent in exclusive mode");
        using var stop = new CancellationTokenSource();
        var run = fixture.Engine().ResyncAsync(new ResyncOptions(), null, stop.Token);
        await fixture.UntilAsync("select count(distinct entity) = 8 and count(*) > 20 from bubblesync.\"window\"");
        await stop.CancelAsync();
        Assert.Equal(RunStatus.Cancelled, (await run).Status);
        return fixture;
    }
}
