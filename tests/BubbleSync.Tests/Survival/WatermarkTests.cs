using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>CONTRACT 6: a watermark is of a verified reading, of this app and type, into this table and key.</summary>
public sealed class WatermarkTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_resync_that_is_not_verified_leaves_no_watermark()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new() { Invoices = 0, Faults = ["remaining-absent"] });
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        Assert.Equal(RunStatus.Partial, (await fixture.ResyncAsync("agent")).Status);

        await AssertNoWatermarkAsync(fixture, "no run has read this app and type completely into this table yet");
    }

    [Fact]
    public async Task A_verified_reading_in_a_run_that_failed_later_leaves_one()
    {
        await using var fixture = await DiedAfterAgentsAsync();
        fixture.Put("agent", SyncFixture.Record(2, $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'}"));

        var report = await IncrementalAsync(fixture);

        Assert.Equal((RunStatus.Succeeded, 1L), (report.Status, report.Entities[0].Updated));
    }

    [Theory]
    [InlineData("drop table agent; create table public.agent (like kept including all)")]
    [InlineData("truncate agent")]
    [InlineData("delete from agent")]
    public async Task A_table_that_was_emptied_or_made_anew_has_none(string sql)
    {
        await using var fixture = await SyncedAsync();
        await fixture.ExecuteAsync($"create table public.kept (like agent including all); {sql}");

        await AssertNoWatermarkAsync(fixture, "agent");
        Assert.Equal((RunStatus.Succeeded, 3L), (await fixture.ResyncAsync("agent") is var report ? (report.Status, report.Entities[0].Inserted) : default));
        Assert.Equal(RunStatus.Succeeded, (await IncrementalAsync(fixture)).Status);
    }

    [Theory]
    [InlineData("\"table\": \"agent\"", "\"table\": \"broker\"")]
    [InlineData("\"bubbleType\": \"agent\"", "\"bubbleType\": \"broker\"")]
    public async Task A_map_with_another_table_or_type_has_none(string from, string to)
    {
        await using var fixture = await SyncedAsync();
        await fixture.ExecuteAsync("create table public.broker (like agent including all)");
        fixture.Bubble.Records.Put("broker", SyncFixture.Record(7, SyncFixture.Early));
        fixture.WithMap("agent", map => map.Replace(from, to, StringComparison.Ordinal));

        await AssertNoWatermarkAsync(fixture, "no run has read this app and type completely into this table yet");
    }

    [Fact]
    public async Task One_that_lies_in_the_future_is_not_trusted()
    {
        await using var fixture = await SyncedAsync();
        await fixture.ExecuteAsync("update bubblesync.run set started_at = now() + interval '2 days', upper_bound = now() + interval '2 days'");

        await AssertNoWatermarkAsync(fixture, "lies in the future");
    }

    [Fact]
    public async Task One_of_a_program_that_did_not_note_what_it_read_holds_as_long_as_nothing_changes()
    {
        await using var fixture = await SyncedAsync();
        await fixture.ExecuteAsync("delete from bubblesync.run_target");
        fixture.Put("agent", SyncFixture.Record(9, SyncFixture.Late));

        var first = await IncrementalAsync(fixture);
        await fixture.ExecuteAsync("delete from bubblesync.run_entity where run_id = (select run_id from bubblesync.run where kind = 'incremental')");
        fixture.WithMap("agent", map => map.Replace("\"bubbleType\": \"agent\"", "\"bubbleType\": \"broker\"", StringComparison.Ordinal));

        Assert.Equal(RunStatus.Succeeded, first.Status);
        await AssertNoWatermarkAsync(fixture, "no run has read this app and type completely into this table yet");
    }

    [Fact]
    public async Task A_table_that_is_rightly_empty_keeps_its_watermark()
    {
        await using var fixture = await SyncedAsync();
        for (var number = 1; number <= 3; number++)
            fixture.Bubble.Records.Delete("agent", SyncFixture.Id(number));
        await fixture.ExecuteAsync("delete from agent");
        await fixture.ResyncAsync("agent");

        Assert.Equal(RunStatus.Succeeded, (await IncrementalAsync(fixture)).Status);
    }

    [Fact]
    public async Task A_resume_takes_over_what_was_staged_under_names_that_the_app_settled()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).With(windowSize: 10, pageSize: 5)
            .WithMap("agent", map => map.Replace("\"from\": \"Name\"", "\"from\": \"Full name\"", StringComparison.Ordinal));
        for (var number = 1; number <= 40; number++)
            fixture.Put("agent", SyncFixture.Record(
                number, SyncFixture.Early, "\"Full-Name\": \"Ann\"", created: $"2026-02-{1 + (number % 25):00}T00:00:00.000Z"));
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxConcurrency = 1 } };
        var first = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxCalls = 17 });
        var known = await Pages.ProvedAsync(fixture);
        var pages = new Pages(fixture);

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal(RunStatus.Failed, first.Status);
        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        Assert.NotEmpty(known);
        pages.AssertNotRead(known);
        Assert.Equal(40, await fixture.ScalarAsync<long>("select count(name) from agent"));
        Assert.Empty(await fixture.StagingAsync());
    }

    [Fact]
    public async Task A_resume_begins_anew_with_an_entity_whose_merged_table_was_emptied()
    {
        await using var fixture = await DiedAfterAgentsAsync();
        await fixture.ExecuteAsync("truncate agent");

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Succeeded, 3L), (report.Status, report.Entities.Single(e => e.Name == "agent").Inserted));
        Assert.Equal(3, await fixture.ScalarAsync<long>("select count(*) from agent"));
    }

    [Fact]
    public async Task A_resume_begins_anew_with_an_entity_whose_type_is_another_one()
    {
        await using var fixture = await DiedAfterAgentsAsync();
        fixture.Bubble.Records.Put("broker", SyncFixture.Record(7, SyncFixture.Early));
        fixture.WithMap("agent", map => map.Replace("\"bubbleType\": \"agent\"", "\"bubbleType\": \"broker\"", StringComparison.Ordinal));

        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        // The three rows of the other type are in no answer now, which is far more than a fifth.
        Assert.Equal((RunStatus.Partial, 1L), (report.Status, report.Entities.Single(e => e.Name == "agent").Inserted));
        Assert.Equal(ErrorCode.TooManyGone, Assert.Single(report.Errors).Code);
    }

    [Fact]
    public async Task A_resumed_run_reports_the_calls_of_all_its_attempts()
    {
        await using var fixture = await SyncedAsync();

        var first = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxCalls = 2 });
        var second = await fixture.ResyncAsync(new ResyncOptions { Resume = true, MaxCalls = 1 });
        fixture.Bubble.Traffic.Reset();
        var third = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((2, 3), (first.Api.Calls, second.Api.Calls));
        Assert.Equal(3 + fixture.Bubble.Traffic.Requests, third.Api.Calls);
        Assert.Equal(
            third.Api.Calls,
            await fixture.ScalarAsync<long>($"select (result -> 'api' ->> 'calls')::bigint from bubblesync.run where run_id = '{third.RunId}'"));
    }

    // A run that merged the agents and then failed: a customer's table refuses its lock.
    private async Task<SyncFixture> DiedAfterAgentsAsync()
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.UseAllSessions();
        Fill(fixture);
        fixture.Put("user", SyncFixture.Record(50, SyncFixture.Early));
        fixture.Bubble.Traffic.OnRequest = async request =>
        {
            if (request.Type == "user" && request.Constraints.Length > 0)
                await fixture.UntilAsync("select exists (select from bubblesync.run_entity where entity = 'agent')");
        };
        await fixture.ExecuteAsync(
            "create function die() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$; "
            + "create trigger die before insert on \"user\" for each row execute function die()");
        var report = await fixture.ResyncAsync("agent", "user");
        Assert.Equal(RunStatus.Failed, report.Status);
        await fixture.ExecuteAsync("drop function die cascade");
        fixture.Bubble.Traffic.OnRequest = null;
        return fixture;
    }

    private async Task<SyncFixture> SyncedAsync()
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        Fill(fixture);
        await fixture.ResyncAsync("agent");
        return fixture;
    }

    private static void Fill(SyncFixture fixture)
    {
        for (var number = 1; number <= 3; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));
    }

    private static Task<RunReport> IncrementalAsync(SyncFixture fixture) =>
        fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, fixture.Limit);

    private static async Task AssertNoWatermarkAsync(SyncFixture fixture, string why)
    {
        var outcome = await Bubblesync.RunAsync(fixture, [("Run__Entities", fixture.Settings.Run.Entities)], "sync", "incremental", "--entity", "agent");

        Assert.True(outcome.Code == 2, outcome.All);
        Assert.Contains("there is nothing to start from", outcome.All, StringComparison.Ordinal);
        Assert.Contains(why, outcome.All, StringComparison.Ordinal);
        Assert.Contains("Next: bubblesync resync --entity agent", outcome.All, StringComparison.Ordinal);
    }
}
