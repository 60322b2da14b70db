using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>CONTRACT 6: a run that finished is recorded as finished, whatever becomes of its log, of old runs' details and of the host's progress.</summary>
public sealed class JournalCloseTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Result = "select status, result is not null, finished_at is not null from bubblesync.run order by started_at desc limit 1";

    [Fact]
    public async Task A_log_that_cannot_be_written_leaves_the_result()
    {
        await using var fixture = await OneAgentAsync();
        // A link that leads nowhere makes a warning.
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, $"\"Linked User Login\": \"{SyncFixture.Id(99)}\""));
        await RefuseAsync(fixture, "before insert on bubblesync.activity_log for each row when (new.stage = 'run')");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Contains(report.Warnings, w => w.StartsWith("The result is recorded, but its log lines may be missing", StringComparison.Ordinal));
        Assert.Equal("succeeded|true|true", await fixture.RowAsync(Result));
        Assert.Equal(
            RunStatus.Succeeded, (await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, fixture.Limit)).Status);
    }

    [Fact]
    public async Task A_result_that_cannot_be_written_is_no_success()
    {
        await using var fixture = await OneAgentAsync();
        await RefuseAsync(fixture, "before update on bubblesync.run for each row when (new.result is not null)");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, ErrorCode.JournalLost), (report.Status, Assert.Single(report.Errors).Code));
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(*) from agent"));
        Assert.Equal("running|false|false", await fixture.RowAsync(Result));
    }

    [Fact]
    public async Task Old_details_that_cannot_be_removed_leave_the_result()
    {
        await using var fixture = await OneAgentAsync();
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("update bubblesync.run set finished_at = now() - interval '1000 days'");
        await RefuseAsync(fixture, "before delete on bubblesync.activity_log for each row");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal("succeeded|true|true", await fixture.RowAsync(Result));
    }

    [Fact]
    public async Task All_lines_of_a_result_take_one_statement_and_keep_their_order()
    {
        await using var fixture = await OneAgentAsync();
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, $"\"Linked User Login\": \"{SyncFixture.Id(99)}\", \"Unknown\": 1"));

        var report = await fixture.ResyncAsync("agent");

        Assert.True(report.Warnings.Count > 1);
        Assert.Equal(
            report.Warnings,
            await fixture.RowsAsync($"select message from bubblesync.activity_log where run_id = '{report.RunId}' and stage = 'run' order by at"));
        Assert.Equal(1, await fixture.ScalarAsync<long>(
            $"select count(distinct xmin::text) from bubblesync.activity_log where run_id = '{report.RunId}' and stage in ('run', 'patch')"));
    }

    [Fact]
    public async Task A_receiver_of_progress_that_fails_harms_nothing()
    {
        await using var fixture = await OneAgentAsync();

        var report = await fixture.Engine().ResyncAsync(new ResyncOptions { Entities = ["agent"] }, new FailingProgress(), fixture.Limit);

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal("succeeded|true|true", await fixture.RowAsync(Result));
    }

    [Theory]
    [InlineData(null, RunStatus.Succeeded)]
    [InlineData("no room", RunStatus.Cancelled)]
    public async Task A_stop_that_comes_when_all_is_done_leaves_a_success(string? failure, RunStatus status)
    {
        await using var fixture = await OneAgentAsync();
        await fixture.ResyncAsync("agent");
        await using var database = await TargetDatabase.OpenAsync(fixture.Settings.Postgres, "bubblesync test", fixture.Limit);
        var journal = new RunJournal(database, Guid.CreateVersion7(), NullLogger.Instance, 0, new MirroredSource("public", ""));
        using var stop = new CancellationTokenSource();

        var report = await new RunRecorder(journal, TimeProvider.System).RecordAsync(
            RunKind.Patch, Array.Empty<string>(), goesOn: false, new DoneRun(), null,
            async _ =>
            {
                await stop.CancelAsync();
                if (failure is not null)
                    throw new InvalidOperationException(failure);
            },
            stop.Token);

        Assert.Equal((status, failure is null ? 0 : 2), (report.Status, report.Errors.Count));
        Assert.Equal($"{Word.Of(status)}|true|true", await fixture.RowAsync(Result));
    }

    private async Task<SyncFixture> OneAgentAsync()
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        return fixture;
    }

    private static Task RefuseAsync(SyncFixture fixture, string when) => fixture.ExecuteAsync(
        "create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$; "
        + $"create trigger refuse {when} execute function public.refuse()");

    private sealed class DoneRun : IRecordedRun
    {
        public RunProgress Progress { get; } = ApiProgress.None.With([]);

        public RunFindings Findings { get; } = new();

        public IReadOnlyList<EntityReport> Reports => [];
    }

    private sealed class FailingProgress : IProgress<RunProgress>
    {
        public void Report(RunProgress value) => throw new InvalidOperationException("the host is at fault");
    }
}
