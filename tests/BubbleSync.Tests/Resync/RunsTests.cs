using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 3, <c>runs</c>: earlier runs looked at, and their rejects tried again without Bubble.</summary>
public sealed class RunsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Broken = "\"Name\": \"Ann\", \"Commission\": \"twelve\"";

    [Fact]
    public async Task Rejects_load_without_Bubble_once_the_map_is_mended()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, Broken));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Name\": \"Bob\", \"Commission\": 5"));
        var rejected = await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("alter table agent alter commission type text");
        fixture.WithMap("agent", map => map.Replace("\"commission\", \"type\": \"integer\"", "\"commission\", \"type\": \"text\"", StringComparison.Ordinal));
        await fixture.Bubble.DisposeAsync();

        var report = await fixture.Engine().ReprocessAsync($"{rejected.RunId}", false, fixture.Limit);

        Assert.Equal((RunKind.Reprocess, RunStatus.Succeeded, 0L), (report.Kind, report.Status, report.Api.Calls));
        Assert.Equal((1L, 1L, 0L), (report.Entities[0].Extracted, report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal(["Ann|twelve", "Bob|5"], await fixture.RowsAsync("select name, commission from agent order by name"));
        Assert.Empty(await fixture.RowsAsync("select tablename from pg_tables where schemaname = 'bubblesync_staging'"));
    }

    [Fact]
    public async Task A_record_that_was_loaded_in_a_newer_form_meanwhile_is_left_alone()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, Broken));
        var rejected = await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Anna\", \"Commission\": 12"));
        await fixture.ResyncAsync("agent");
        fixture.WithMap("agent", map => map.Replace("\"Commission\"", "\"Commission once\"", StringComparison.Ordinal));

        var report = await fixture.Engine().ReprocessAsync($"{rejected.RunId}", false, fixture.Limit);

        Assert.Equal((0L, 0L), (report.Entities[0].Extracted, report.Entities[0].Updated));
        Assert.Equal(["Anna|12"], await fixture.RowsAsync("select name, commission from agent"));
    }

    [Fact]
    public async Task A_result_with_words_of_a_newer_version_is_shown()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, Broken));
        var run = await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync(
            """update bubblesync.run set kind = 'sync moon', result = result || '{"kind":"sync moon"}' || jsonb_build_object('errors', """
                + """jsonb_set(result -> 'errors', '{0,code}', '"new-code"'))""");

        await using var archive = await fixture.Engine().OpenArchiveAsync(fixture.Limit);
        var (shown, listed) = (await archive.ShowAsync($"{run.RunId}", fixture.Limit), await archive.ListAsync(1, null, null, fixture.Limit));

        Assert.Equal((RunKind.Other, RunStatus.Partial, ErrorCode.Failed), (shown.Kind, shown.Status, shown.Errors[0].Code));
        Assert.Equal(RunKind.Other, Assert.Single(listed).Kind);
    }

    [Fact]
    public async Task Rejects_of_one_entity_alone_are_listed()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": \"twelve\""));
        fixture.Put("payment", SyncFixture.Record(2, SyncFixture.Early, "\"Amount\": \"twelve\""));
        await fixture.ResyncAsync();

        var all = await Bubblesync.RunAsync(fixture, "runs", "rejected", "last");
        var agents = await Bubblesync.RunAsync(fixture, "runs", "rejected", "last", "--entity", "agent");

        Assert.Equal((2, 1), (all.Output.Trim().Split('\n').Length, agents.Output.Trim().Split('\n').Length));
        Assert.StartsWith("agent ", agents.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_are_listed_by_kind_and_status()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ResyncAsync("agent");
        await fixture.Engine().PatchAsync([], fixture.Limit);
        await using var archive = await fixture.Engine().OpenArchiveAsync(fixture.Limit);

        Assert.Equal([RunKind.Patch, RunKind.Resync], (await archive.ListAsync(9, null, null, fixture.Limit)).Select(r => r.Kind));
        Assert.Equal([RunKind.Resync], (await archive.ListAsync(9, RunKind.Resync, null, fixture.Limit)).Select(r => r.Kind));
        Assert.Equal([RunKind.Patch, RunKind.Resync], (await archive.ListAsync(9, null, RunState.Succeeded, fixture.Limit)).Select(r => r.Kind));
        Assert.Empty(await archive.ListAsync(9, null, RunState.Failed, fixture.Limit));
    }

    [Theory]
    [InlineData(90, 0)]
    [InlineData(0, 1)]
    public async Task Details_of_runs_that_ended_long_ago_go_and_the_runs_stay(int keepDays, int left)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Settings = fixture.Settings with { Run = fixture.Settings.Run with { KeepDays = keepDays } };
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, Broken));
        fixture.Put("customer_profile", SyncFixture.Record(2, SyncFixture.Early, $"\"Linked Agent\": \"{SyncFixture.Id(9)}\""));
        var (old, recent) = (await fixture.ResyncAsync(), await fixture.ResyncAsync());
        await fixture.ExecuteAsync($"update bubblesync.run set finished_at = finished_at - interval '91 days' where run_id = '{old.RunId}'; update "
            + $"bubblesync.run set finished_at = finished_at - interval '89 days' where run_id = '{recent.RunId}'");

        await fixture.ResyncAsync("agent");

        foreach (var table in new[] { "activity_log", "rejected_record", "missing_link", "\"window\"" })
        {
            Assert.Equal(left, Math.Sign(await fixture.ScalarAsync<long>($"select count(*) from bubblesync.{table} where run_id = '{old.RunId}'")));
            Assert.Equal(1, Math.Sign(await fixture.ScalarAsync<long>($"select count(*) from bubblesync.{table} where run_id = '{recent.RunId}'")));
        }

        Assert.Equal(3, await fixture.ScalarAsync<long>("select count(*) from bubblesync.run where result is not null"));
        Assert.Equal(8, await fixture.ScalarAsync<long>($"select count(*) from bubblesync.run_entity where run_id = '{old.RunId}'"));
    }

    [Fact]
    public async Task Force_takes_a_record_as_it_was_kept_though_its_row_has_the_same_date()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Anna\", \"Commission\": \"twelve\""));
        await fixture.ForceAsync("agent");
        fixture.WithMap("agent", map => map.Replace("\"Commission\"", "\"Commission once\"", StringComparison.Ordinal));

        var careful = await Bubblesync.RunAsync(fixture, [("Run__Entities", fixture.Settings.Run.Entities)], "runs", "reprocess", "last");
        var kept = await fixture.RowAsync("select name from agent");
        var forced = await Bubblesync.RunAsync(
            fixture, [("Run__Entities", fixture.Settings.Run.Entities)], "runs", "reprocess",
            $"{await fixture.ScalarAsync<Guid>("select distinct run_id from bubblesync.rejected_record")}", "--force");

        Assert.Equal((0, 0, "Ann", "Anna"), (careful.Code, forced.Code, kept, await fixture.RowAsync("select name from agent")));
    }

    [Fact]
    public async Task Nothing_of_Bubble_is_called_proved_by_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, Broken));
        await fixture.ResyncAsync("agent");

        var outcome = await Bubblesync.RunAsync(fixture, "runs", "reprocess", "last");
        var proof = await fixture.RowAsync(
            "select e.proof ->> 'isComplete', e.proof ->> 'part' from bubblesync.run_entity e join bubblesync.run r using (run_id) where r.kind = 'reprocess'");

        Assert.DoesNotContain("proof", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("verified", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("part: agent: only what an earlier run rejected; Bubble was not asked, 1 read", outcome.Output, StringComparison.Ordinal);
        Assert.Equal("false|what an earlier run rejected; Bubble was not asked", proof);
    }

    [Fact]
    public async Task What_still_does_not_convert_is_rejected_by_the_new_run()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, Broken));
        fixture.Put("agent", """{"Created Date": "2026-02-02T00:00:00.000Z", "Name": "nobody"}""");
        await fixture.ResyncAsync("agent");

        var report = await fixture.Engine().ReprocessAsync("last", false, fixture.Limit);

        Assert.Equal((RunStatus.Partial, 2L, 2L), (report.Status, report.Entities[0].Extracted, report.Entities[0].Rejected));
        Assert.Equal(2, await fixture.ScalarAsync<long>($"select count(*) from bubblesync.rejected_record where run_id = '{report.RunId}'"));
    }

    [Fact]
    public async Task A_run_is_listed_shown_and_its_rejects_are_written_as_CSV()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, Broken + ", \"Noise\": 1"));
        var report = await fixture.ResyncAsync("agent");
        var file = Path.Combine(fixture.Folder([]), "rejects.csv");

        var list = await Bubblesync.RunAsync(fixture, "runs", "list", "--output", "json");
        var show = await Bubblesync.RunAsync(fixture, "runs", "show", $"{report.RunId}"[..30], "--output", "json");
        var log = await Bubblesync.RunAsync(fixture, "runs", "log", "last", "--level", "warning");
        var csv = await Bubblesync.RunAsync(fixture, "runs", "rejected", "last", "--csv", file);

        Assert.Equal(($"{report.RunId}", 1), (list.Json[0].GetProperty("runId").GetString(), list.Json[0].GetProperty("rejected").GetInt32()));
        Assert.Equal((0, report.ToJson()), (show.Code, show.Output.TrimEnd()));
        Assert.Equal(await fixture.ScalarAsync<long>("select count(*) from bubblesync.activity_log where "
            + "level in ('warning', 'error')"), log.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.All(log.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.DoesNotContain(" info ", line, StringComparison.Ordinal));
        Assert.Contains(" warning ", log.Output, StringComparison.Ordinal);
        Assert.Equal((0, "entity,bubble_id,field,reason,raw"), (csv.Code, File.ReadLines(file).First()));
        Assert.StartsWith($"agent,{SyncFixture.Id(1)},Commission,", File.ReadLines(file).ElementAt(1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_result_says_so_and_several_runs_are_counted()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var _ in Enumerable.Range(1, 6))
            await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync(
            $"update bubblesync.run set status = 'running' where run_id = (select run_id from bubblesync.run order by started_at limit 1)");

        var rejected = await Bubblesync.RunAsync(fixture, "runs", "rejected", "last");
        var died = await Bubblesync.RunAsync(fixture, "runs", "list", "--status", "died", "--output", "json");
        var cancelled = await Bubblesync.RunAsync(fixture, "runs", "list", "--status", "cancelled");
        var several = await Bubblesync.RunAsync(fixture, "runs", "show", "0");

        Assert.Equal(0, rejected.Code);
        Assert.StartsWith("Nothing was rejected in this run.\n", rejected.Output, StringComparison.Ordinal);
        Assert.Equal((1, true), (died.Json.GetArrayLength(), died.Json[0].GetProperty("died").GetBoolean()));
        Assert.StartsWith("There is no such run.\n", cancelled.Output, StringComparison.Ordinal);
        Assert.Contains("6 runs begin with '0': ", several.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-such-run", "show")]
    [InlineData("last", "show")]
    [InlineData("last", "reprocess")]
    public async Task A_run_that_is_not_there_is_a_usage_error(string run, string verb)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(fixture, "runs", verb, run);

        Assert.Equal(2, outcome.Code);
        Assert.Contains($"'{run}'", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_without_rejects_has_nothing_to_reprocess()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ResyncAsync("agent");

        var refusal = await Assert.ThrowsAsync<SyncException>(() => fixture.Engine().ReprocessAsync("last", false, fixture.Limit));

        Assert.Equal((ErrorCode.NothingToReprocess, true), (refusal.Errors[0].Code, refusal.IsUsage));
    }
}
