using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary><c>sync range</c>: which invoices it takes, and how it finds them where Bubble does not.</summary>
public sealed class RangeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Keys = "select bubble_id from invoice order by 1";
    private const string From = "2026-05-04T08:00:00.000Z";
    private const string To = "2026-05-05T17:30:00.500Z";

    // One millisecond before, on the first end, inside, on the last end, one millisecond after.
    private static readonly string[] Dates = ["2026-05-04T07:59:59.999Z", From, "2026-05-05T00:00:00.000Z", To, "2026-05-05T17:30:00.501Z"];

    [Fact]
    public async Task Both_ends_are_included_and_nothing_outside_is_touched()
    {
        await using var fixture = await SceneAsync();

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal([11, 12, 13], (await fixture.RowsAsync(Keys)).Select(Number));
        Assert.True(report.Success, report.ToJson());
        Assert.Equal((3, 3, 0, 0), (report.Results.Total, report.Results.Synced, report.Results.Skipped, report.Results.Failed));
        Assert.DoesNotContain(report.Run.Warnings, w => w.Contains("listed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_range_of_one_moment_takes_what_lies_on_it()
    {
        await using var fixture = await SceneAsync();

        await fixture.RangeAsync(From, From);

        Assert.Equal([11], (await fixture.RowsAsync(Keys)).Select(Number));
    }

    [Fact]
    public async Task Invoices_in_the_range_come_with_their_relations()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        fixture.Put("invoice", SyncFixture.Record(11, SyncFixture.Late));

        var report = await fixture.RangeAsync(SyncFixture.Early, SyncFixture.Early);

        Assert.Equal(1, report.Results.Total);
        Assert.Equal(Family, await fixture.StoredAsync());
    }

    [Fact]
    public async Task Totals_add_up_where_some_are_synced_some_skipped_and_some_fail()
    {
        await using var fixture = await SceneAsync();
        await fixture.RangeAsync(From, From);
        fixture.Put("invoice", SyncFixture.Record(12, Dates[2], "\"Amount\": \"much\""));

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((3, 1, 1, 1), (report.Results.Total, report.Results.Synced, report.Results.Skipped, report.Results.Failed));
        Assert.False(report.Success);
        Assert.Equal(SyncFixture.Id(12), Assert.Single(report.Results.Errors).BubbleId);
    }

    [Fact]
    public async Task Of_many_errors_and_warnings_the_first_are_named_and_all_are_counted()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1000, 130))
            fixture.Put("invoice", SyncFixture.Record(number, From, "\"Amount\": \"much\""));
        foreach (var number in Enumerable.Range(2000, 120))
            fixture.Put("invoice", SyncFixture.Record(number, From, Link("Linked Customer", 5000 + number)));

        var report = await fixture.RangeAsync(From, From);

        Assert.Equal((250, 120, 0, 130), (report.Results.Total, report.Results.Synced, report.Results.Skipped, report.Results.Failed));
        var (errors, warnings) = (report.Results.Errors.Where(e => e.Severity == Severity.Error).ToList(), report.Results.Errors.Where(e => e.Severity == Severity.Warning).ToList());
        Assert.Equal((101, 101), (errors.Count, warnings.Count));
        Assert.StartsWith("30 more errors are not listed here; ", errors[^1].Message, StringComparison.Ordinal);
        Assert.StartsWith("20 more warnings are not listed here; ", warnings[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rejected_record_belongs_to_each_invoice_that_its_text_names()
    {
        await using var fixture = await SceneAsync();
        fixture.Put("payment", SyncFixture.Record(21, From, $"\"Amount\": \"much\", {Link("Linked Invoice", 11)}"));
        fixture.Put("payment", SyncFixture.Record(22, From, $"\"Amount\": \"much\", {Link("Linked Invoice", 13)}"));

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((3, 1, 0, 2), (report.Results.Total, report.Results.Synced, report.Results.Skipped, report.Results.Failed));
        Assert.Equal([21, 22], report.Results.Errors.Select(e => Number(e.BubbleId)));
    }

    [Fact]
    public async Task A_range_with_nothing_in_it_is_a_success()
    {
        await using var fixture = await SceneAsync();

        var report = await fixture.RangeAsync("2025-01-01", "2025-01-02");

        Assert.Equal((true, 0), (report.Success, report.Results.Total));
        Assert.Equal(RunStatus.Succeeded, report.Run.Status);
    }

    [Fact]
    public async Task The_same_range_again_skips_all_and_writes_no_row()
    {
        await using var fixture = await SceneAsync();
        await fixture.RangeAsync(From, To);
        var before = await fixture.SnapshotAsync();

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((3, 0, 3, 0), (report.Results.Total, report.Results.Synced, report.Results.Skipped, report.Results.Failed));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task With_force_the_same_range_again_skips_none_and_writes_no_row()
    {
        await using var fixture = await SceneAsync();
        await fixture.RangeAsync(From, To);
        var before = await fixture.SnapshotAsync();

        var report = await fixture.RangeAsync(From, To, force: true);

        Assert.Equal((true, 3, 3, 0, 0), (report.Success, report.Results.Total, report.Results.Synced, report.Results.Skipped, report.Results.Failed));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task A_range_of_which_every_invoice_fails_is_failed_and_not_partial()
    {
        await using var fixture = await SceneAsync();
        foreach (var number in Enumerable.Range(11, 3))
            fixture.Put("invoice", SyncFixture.Record(number, Dates[2], "\"Amount\": \"much\""));

        var report = await fixture.RangeAsync(Dates[2], Dates[2]);
        var said = await Bubblesync.RunAsync(fixture, "sync", "range", "--from", Dates[2], "--to", Dates[2]);

        Assert.Equal((RunStatus.Failed, 3, 1), (report.Run.Status, report.Results.Failed, said.Code));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(400)]
    [InlineData(404)]
    public async Task Where_the_constraint_is_ignored_or_refused_everything_is_listed_and_filtered_here(int? status)
    {
        await using var fixture = await SceneAsync();
        await using var between = await RecordingProxy.StartAsync(fixture, (_, constraints) =>
            !constraints.Contains("Modified Date", StringComparison.Ordinal) ? null : status is { } refused ? RecordingProxy.Refuse(refused) : RecordingProxy.Ignore);

        var report = await fixture.RangeAsync(From, To);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal([11, 12, 13], (await fixture.RowsAsync(Keys)).Select(Number));
        Assert.Equal(3, report.Results.Total);
        Assert.Contains(report.Run.Warnings, w => w.Contains("everything was listed instead", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_listing_of_many_windows_finds_just_what_the_constraint_finds()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 200 })).With(windowSize: 30, pageSize: 10);
        await fixture.RangeAsync("2026-03-01", "2026-04-15");
        var asked = await fixture.RowsAsync(Keys);
        await fixture.ExecuteAsync("truncate invoice");
        await using var between = await RecordingProxy.StartAsync(fixture, (_, constraints) => constraints.Contains("Modified Date", StringComparison.Ordinal) ? RecordingProxy.Ignore : null);

        var report = await fixture.RangeAsync("2026-03-01", "2026-04-15");

        Assert.Equal(asked, await fixture.RowsAsync(Keys));
        Assert.Equal(asked.Count, report.Results.Total);
        Assert.InRange(asked.Count, 10, 150);
    }

    [Fact]
    public async Task A_source_that_is_busy_is_not_taken_for_one_that_refuses_the_constraint()
    {
        await using var fixture = await SceneAsync();
        await using var between = await RecordingProxy.StartAsync(fixture, (_, constraints) => constraints.Contains("Modified Date", StringComparison.Ordinal) ? RecordingProxy.Refuse(502) : null);
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxAttempts = 1, PatienceSeconds = 0 } };

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((false, RunStatus.Failed), (report.Success, report.Run.Status));
        Assert.Empty(await fixture.RowsAsync(Keys));
    }

    [Fact]
    public async Task Where_all_constraints_are_ignored_nothing_is_merged()
    {
        await using var fixture = await SceneAsync("constraints-ignored");

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((false, RunStatus.Failed), (report.Success, report.Run.Status));
        Assert.Empty(await fixture.RowsAsync(Keys));
    }

    [Fact]
    public async Task Records_without_a_usable_date_lie_in_no_range_and_those_without_a_usable_id_are_rejected()
    {
        await using var fixture = await SceneAsync();
        fixture.Put("invoice", SyncFixture.Record(20, null));
        fixture.Put("invoice", SyncFixture.Record(21, "yesterday"));
        fixture.Put("invoice", $"{{\"Modified Date\": \"{From}\"}}");
        fixture.Put("invoice", $"{{\"_id\": \"bad id\", \"Modified Date\": \"{From}\"}}");
        await using var between = await RecordingProxy.StartAsync(fixture, (_, constraints) => constraints.Contains("Modified Date", StringComparison.Ordinal) ? RecordingProxy.Ignore : null);

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal([11, 12, 13], (await fixture.RowsAsync(Keys)).Select(Number));
        Assert.Equal((5, 3, 2), (report.Results.Total, report.Results.Synced, report.Results.Failed));
        Assert.Contains("which were not loaded: 2;", Assert.Single(report.Results.Errors, e => e.Code == ErrorCode.Rejected).Message, StringComparison.Ordinal);
        Assert.Equal(2, await fixture.ScalarAsync<long>("select count(*) from bubblesync.rejected_record"));
        Assert.Equal(2, report.Run.Entities.Single(e => e.Name == "invoice").Rejected);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_range_may_reach_from_the_first_moment_to_the_last(bool listed)
    {
        await using var fixture = await SceneAsync();
        await using var between = await RecordingProxy.StartAsync(fixture, (_, constraints) => listed && constraints.Contains("Modified Date", StringComparison.Ordinal) ? RecordingProxy.Ignore : null);

        var report = await fixture.RangeAsync("0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z");

        Assert.Equal((true, 5), (report.Success, report.Results.Synced));
    }

    [Fact]
    public async Task What_stops_a_run_is_told_once_and_not_for_each_invoice()
    {
        await using var fixture = await SceneAsync();
        await fixture.ExecuteAsync("""
            create function keep_out() returns trigger language plpgsql as 'begin return null; end';
            create trigger keep_out before insert on invoice for each row execute function keep_out()
            """);

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((RunStatus.Failed, 3, 3), (report.Run.Status, report.Results.Total, report.Results.Failed));
        var error = Assert.Single(report.Results.Errors);
        Assert.Equal(ErrorCode.RowsNotTaken, error.Code);
        var said = (await Bubblesync.RunAsync(fixture, "sync", "range", "--from", From, "--to", To)).Error;
        Assert.Equal(2, said.Split(error.Message).Length);
    }

    [Fact]
    public async Task A_listing_finds_records_without_Created_Date_too()
    {
        await using var fixture = await SceneAsync();
        fixture.Put("invoice", $"{{\"_id\": \"{SyncFixture.Id(20)}\", \"Modified Date\": \"{From}\"}}");
        await using var between = await RecordingProxy.StartAsync(fixture, (_, constraints) => constraints.Contains("Modified Date", StringComparison.Ordinal) ? RecordingProxy.Ignore : null);

        await fixture.RangeAsync(From, To);

        Assert.Equal([11, 12, 13, 20], (await fixture.RowsAsync(Keys)).Select(Number));
    }

    [Fact]
    public async Task A_listing_that_is_not_shown_to_be_complete_is_no_success()
    {
        await using var fixture = await SceneAsync();
        await using var between = await RecordingProxy.StartAsync(fixture, (_, constraints) =>
            constraints.Contains("Modified Date", StringComparison.Ordinal) ? RecordingProxy.Ignore : constraints.Contains("is_empty", StringComparison.Ordinal) ? RecordingProxy.Refuse(400) : null);

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((false, RunStatus.Partial, 3), (report.Success, report.Run.Status, report.Results.Synced));
        Assert.Equal(ErrorCode.Unproved, Assert.Single(report.Run.Errors).Code);
    }

    [Fact]
    public async Task A_record_without_an_id_counts_once_though_its_window_of_a_listing_is_read_again()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).With(pageSize: 2);
        foreach (var day in Enumerable.Range(2, 5))
            fixture.Put("invoice", SyncFixture.Record(day, From, created: $"2026-02-0{day}T00:00:00.000Z"));
        fixture.Put("invoice", $"{{\"Created Date\": \"2026-02-01T00:00:00.000Z\", \"Modified Date\": \"{From}\"}}");
        await using var between = await RecordingProxy.StartAsync(
            fixture, (_, constraints) => constraints.Contains("Modified Date", StringComparison.Ordinal) ? RecordingProxy.Ignore : null);
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            // The last page comes short of what the first one counted.
            if (request.Cursor == 4 && request.Constraints.Contains("Created Date", StringComparison.Ordinal))
                fixture.Bubble.Records.Delete("invoice", SyncFixture.Id(6));
            return Task.CompletedTask;
        };

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((5, 4, 1), (report.Results.Total, report.Results.Synced, report.Results.Failed));
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(*) from bubblesync.rejected_record"));
    }

    [Fact]
    public async Task A_doubt_about_an_early_window_of_a_listing_is_not_forgotten_at_the_next()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).With(windowSize: 4, pageSize: 2);
        foreach (var day in Enumerable.Range(1, 8))
            fixture.Put("invoice", SyncFixture.Record(day, day == 8 ? SyncFixture.Early : From, created: $"2026-02-0{day}T00:00:00.000Z"));
        await using var between = await RecordingProxy.StartAsync(
            fixture, (_, constraints) => constraints.Contains("Modified Date", StringComparison.Ordinal) ? RecordingProxy.Ignore : null);
        var (first, isThere) = (default(string), false);
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            var isPage = request.Constraints.Contains("Created Date", StringComparison.Ordinal) && !request.Line.Contains("limit=1&", StringComparison.Ordinal);
            first ??= isPage ? request.Constraints : null;
            if (isPage && request.Constraints == first && request.Cursor == 2)
            {
                // More records of the first window than may be forgiven come or go between its first two pages.
                isThere = !isThere;
                foreach (var number in Enumerable.Range(20, 9))
                {
                    if (isThere)
                        fixture.Put("invoice", SyncFixture.Record(number, null, created: "2026-02-04T00:00:00.000Z"));
                    else
                        fixture.Bubble.Records.Delete("invoice", SyncFixture.Id(number));
                }
            }

            return Task.CompletedTask;
        };

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((false, RunStatus.Partial, ErrorCode.Unproved), (report.Success, report.Run.Status, Assert.Single(report.Run.Errors).Code));
        Assert.Equal(7, report.Results.Synced);
    }

    [Fact]
    public async Task Force_takes_Bubbles_values()
    {
        await using var fixture = await SceneAsync();
        await fixture.RangeAsync(From, To);
        await fixture.ExecuteAsync("update invoice set amount = 99, updated_at = now()");

        var report = await fixture.RangeAsync(From, To, force: true);

        Assert.Equal(3, report.Results.Synced);
        Assert.Equal("1", await fixture.RowAsync("select distinct trim_scale(amount)::text from invoice"));
    }

    [Fact]
    public async Task Its_run_is_recorded()
    {
        await using var fixture = await SceneAsync();

        await fixture.RangeAsync(From, To);

        Assert.Equal("sync range|succeeded|2026-05-04T08:00:00.000Z|2026-05-05T17:30:00.500Z|false", await fixture.RowAsync("select kind, status, options ->> 'from', options ->> 'to', options ->> 'force' from bubblesync.run"));
        Assert.Empty(await fixture.StagingAsync());
    }

    [Fact]
    public async Task Its_JSON_has_the_agreed_shape()
    {
        await using var fixture = await SceneAsync();

        var outcome = await Bubblesync.RunAsync(fixture, "sync", "range", "--from", From, "--to", To, "--output", "json");

        Assert.Equal((0, true), (outcome.Code, outcome.Json.GetProperty("success").GetBoolean()));
        Assert.Equal("""{"total":3,"synced":3,"skipped":0,"failed":0,"errors":[]}""", System.Text.Json.JsonSerializer.Serialize(outcome.Json.GetProperty("results")));
    }

    [Theory]
    [InlineData("10 11", "--from", "2026-05-04", "--to", "2026-05-04")]
    [InlineData("10 11 12 13 14", "--from", "2026-05-04")]
    [InlineData("12 13 14", "--from", "2026-05-05")]
    [InlineData("11 12 13 14", "--from", "2026-05-04T10:00:00+02:00")]
    [InlineData("11 12", "--from", "2026-05-04T08:00Z", "--to", "2026-05-05 17:30:00")]
    [InlineData("13", "--from", "2026-05-05T17:30:00.500", "--to", "2026-05-05T17:30:00.5009Z")]
    public async Task A_day_is_the_whole_day_UTC_and_without_an_end_the_range_goes_on_until_now(string taken, params string[] words)
    {
        await using var fixture = await SceneAsync();
        fixture.Put("invoice", SyncFixture.Record(30, "2100-01-01T00:00:00.000Z"));
        fixture.Put("invoice", SyncFixture.Record(31, "2026-05-03T23:59:59.999Z"));

        var outcome = await Bubblesync.RunAsync(fixture, ["sync", "range", .. words]);

        Assert.Equal(0, outcome.Code);
        Assert.Equal(taken, string.Join(' ', (await fixture.RowsAsync(Keys)).Select(Number)));
        Assert.Contains($"{taken.Split(' ').Length} invoices in the range", outcome.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--to", "2026-05-04")]
    [InlineData("--from", "yesterday")]
    [InlineData("--from", "2026-13-01")]
    [InlineData("--from", "2026-02-30")]
    [InlineData("--from", "04/05/2026")]
    [InlineData("--from", "")]
    [InlineData("--from", "2026-05-05", "--to", "2026-05-04")]
    [InlineData("--from", "2026-05-04", "--to", "soon")]
    [InlineData("--from", "2100-01-01")]
    public async Task Wrong_dates_end_with_2_and_ask_nothing(params string[] words)
    {
        await using var fixture = await SceneAsync();

        var outcome = await Bubblesync.RunAsync(fixture, ["sync", "range", .. words]);

        Assert.Equal(2, outcome.Code);
        Assert.NotEmpty(outcome.Error);
        Assert.DoesNotContain("   at ", outcome.All, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    private async Task<SyncFixture> SceneAsync(params string[] faults)
    {
        var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = faults });
        foreach (var (date, number) in Dates.Select((d, i) => (d, 10 + i)))
            fixture.Put("invoice", SyncFixture.Record(number, date, "\"Amount\": 1"));
        return fixture;
    }
}
