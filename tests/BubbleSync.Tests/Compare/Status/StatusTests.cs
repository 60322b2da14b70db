using System.Text.Json;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare.Status;

/// <summary>One look at the mirror, and watermarks that are set back.</summary>
public sealed class StatusTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task One_request_for_each_type_and_the_tables_tell_the_state()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 3))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, "\"Linked User Login\": \"1769904000000x900000000000000000\""));
        fixture.Put("agent", SyncFixture.Record(4, SyncFixture.Early, "\"Commission\": \"twelve\""));
        var run = await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("insert into agent (bubble_id, name) values ('admin_agent_1', 'ours'); alter table payment drop column remark");
        fixture.Put("agent", SyncFixture.Record(5, SyncFixture.Late, "\"Shoe Size\": 43"));
        var before = fixture.Bubble.Traffic.Requests;

        var report = await fixture.Engine().StatusAsync(new StatusOptions(), fixture.Limit);

        Assert.Equal(8, fixture.Bubble.Traffic.Requests - before);
        var agent = report.Entities.Single(e => e.Name == "agent");
        Assert.Equal((4L, 3L, 5L, 1L, 1L), (agent.Rows, agent.Expected, agent.InBubble, agent.Rejected, agent.MissingLinks));
        Assert.Equal((run.RunId, RunKind.Resync, RunStatus.Partial, run.RunId), (
            agent.LastRun!.RunId, agent.LastRun.Kind, agent.LastRun.Status, agent.RejectedBy));
        Assert.Equal(run.StartedAt, agent.Watermark!.Value, TimeSpan.FromMinutes(2));
        Assert.Equal(["Shoe Size"], agent.UnreadFields);
        Assert.Equal(["rejected", "field-unread", "counts-differ"], agent.Findings.Select(f => Word.Of(f.Finding)));
        Assert.Equal(["remark"], report.Entities.Single(e => e.Name == "payment").MissingColumns);
        Assert.Equal(["never-read"], report.Entities.Single(e => e.Name == "user").Findings.Select(f => Word.Of(f.Finding)));
        Assert.Equal((StatusLight.Act, report.Target), (report.Light, run.Target));

        var offline = await Bubblesync.RunAsync(
            fixture, [("Bubble__BaseUrl", "")], "status", "--entity", "agent", "--offline", "--output", "json");
        Assert.Equal((1, before + 8), (offline.Code, fixture.Bubble.Traffic.Requests));
        var told = offline.Json.GetProperty("entities")[0];
        Assert.Equal(("act", 4, JsonValueKind.Null), (
            told.GetProperty("light").GetString(), told.GetProperty("rows").GetInt32(), told.GetProperty("inBubble").ValueKind));
        Assert.Equal(agent.Watermark, told.GetProperty("watermark").GetDateTimeOffset());
    }

    [Fact]
    public async Task From_a_watermark_that_was_set_back_an_incremental_sync_reads_again()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Ann\""));
        await fixture.ResyncAsync("agent");
        var back = DateTimeOffset.Parse(SyncFixture.Early, null);
        var names = new IncrementalOptions { Entities = ["agent"], Prune = PruneMode.None };
        await fixture.ExecuteAsync($"update agent set name = 'old', modified_date = '{SyncFixture.Early}'");
        await fixture.Engine().SyncIncrementalAsync(names, null, fixture.Limit);
        Assert.Equal("old", await fixture.ScalarAsync<string>("select name from agent"));

        var reset = await Bubblesync.RunAsync(fixture, "status", "reset", "agent", "--to", SyncFixture.Early);

        Assert.Equal(0, reset.Code);
        Assert.Contains(" to 2026-03-01 08:00:00Z\nnext: bubblesync sync incremental --entity agent   #", reset.Output, StringComparison.Ordinal);
        Assert.Equal(back, (await StatusAsync()).Watermark);
        var refused = await Assert.ThrowsAsync<SyncException>(() => fixture.Engine().ResetWatermarksAsync(["agent"], back.AddDays(1), fixture.Limit));
        Assert.Contains("it can only be set back", refused.Message, StringComparison.Ordinal);

        var run = await fixture.Engine().SyncIncrementalAsync(names with { Prune = PruneMode.Report }, null, fixture.Limit);

        Assert.Equal((RunStatus.Succeeded, "Ann"), (run.Status, await fixture.ScalarAsync<string>("select name from agent")));
        Assert.Equal(run.StartedAt, (await StatusAsync()).Watermark!.Value, TimeSpan.FromMinutes(2));

        async Task<EntityStatus> StatusAsync() =>
            (await fixture.Engine().StatusAsync(new StatusOptions { Entities = ["agent"], Offline = true }, fixture.Limit)).Entities[0];
    }

    [Fact]
    public async Task A_watermark_that_was_set_back_stays_so_when_a_run_that_began_before_is_resumed()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).With(windowSize: 12, pageSize: 5);
        for (var number = 1; number <= 40; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));
        await fixture.ResyncAsync("agent");
        var stopped = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxCalls = 5 });
        var back = DateTimeOffset.Parse(SyncFixture.Early, null);

        await fixture.Engine().ResetWatermarksAsync(["agent"], back, fixture.Limit);
        var resumed = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Resume = true });

        Assert.Equal((RunStatus.Failed, RunStatus.Succeeded, stopped.RunId), (stopped.Status, resumed.Status, resumed.RunId));
        var status = await fixture.Engine().StatusAsync(new StatusOptions { Entities = ["agent"], Offline = true }, fixture.Limit);
        Assert.Equal(back, status.Entities[0].Watermark);
    }

    [Fact]
    public async Task An_empty_database_and_an_app_that_refuses_have_their_lights_too()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { ApiToken = "another" } };

        var report = await fixture.Engine().StatusAsync(new StatusOptions(), fixture.Limit);

        Assert.All(report.Entities, e => Assert.Equal(["table-missing", "not-counted"], e.Findings.Select(f => Word.Of(f.Finding))));
        Assert.Equal(["apply-schema", "doctor"], report.NextActions.Select(a => Word.Of(a.Kind)));
        Assert.NotEmpty(report.Errors);
    }

    [Fact]
    public async Task Differences_that_a_comparison_found_stay_until_all_is_compared_again_or_written_anew()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 2))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Name\": \"n{number}\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("update agent set name = 'other'");
        await VerifyAsync(new VerifyOptions { Entities = ["agent"] });

        var found = await StatusAsync();
        await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, fixture.Limit);
        await fixture.ResyncAsync("agent");
        await VerifyAsync(new VerifyOptions { Entities = ["agent"], Since = fixture.Clock.GetUtcNow() });
        await VerifyAsync(new VerifyOptions { Entities = ["customer"] });
        var later = await StatusAsync();
        await fixture.ForceAsync("agent");

        Assert.Equal("the last comparison found 2 differences, and not all records were compared since", Differs(found)!.Message);
        Assert.Equal((StatusLight.Act, NextActionKind.Verify), (found.Light, Assert.Single(found.NextActions).Kind));
        Assert.NotNull(Differs(later));
        Assert.Null(Differs(await StatusAsync()));

        Task VerifyAsync(VerifyOptions options) => fixture.Engine().VerifyAsync(options, null, fixture.Limit);

        Task<StatusReport> StatusAsync() => fixture.Engine().StatusAsync(new StatusOptions { Entities = ["agent"], Offline = true }, fixture.Limit);

        static StatusFinding? Differs(StatusReport report) => report.Entities[0].Findings.FirstOrDefault(f => f.Finding == StatusFindingKind.Differs);
    }

    [Fact]
    public async Task A_row_that_was_edited_on_both_sides_and_kept_is_named_until_a_run_writes_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"n\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("update agent set name = 'here', updated_at = now() + interval '1 hour'");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"there\""));
        var kept = await fixture.ResyncAsync("agent");
        await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, fixture.Limit);

        var open = (await StatusAsync()).Entities[0];
        await fixture.ForceAsync("agent");

        Assert.Equal((1L, kept.RunId, StatusLight.Look), (open.Conflicts, open.KeptBy, open.Light));
        Assert.Equal(0, (await StatusAsync()).Entities[0].Conflicts);

        Task<StatusReport> StatusAsync() => fixture.Engine().StatusAsync(new StatusOptions { Entities = ["agent"], Offline = true }, fixture.Limit);
    }
}
