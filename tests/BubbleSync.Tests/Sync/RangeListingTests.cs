using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;
using static BubbleSync.Tests.Sync.RangeInvoices;

namespace BubbleSync.Tests.Sync;

/// <summary>How <c>sync range</c> finds its invoices where Bubble does not apply the constraint.</summary>
public sealed class RangeListingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData(null)]
    [InlineData(400)]
    [InlineData(404)]
    public async Task Where_the_constraint_is_ignored_or_refused_everything_is_listed_and_filtered_here(int? status)
    {
        await using var fixture = await OpenAsync(postgres);
        await using var between = await RecordingProxy.StartAsync(fixture, (_, constraints) =>
            !constraints.Contains(
                "Modified Date", StringComparison.Ordinal) ? null : status is { } refused ? RecordingProxy.Refuse(refused) : RecordingProxy.Ignore);

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
        await using var between = await RecordingProxy.StartAsync(
            fixture, (_, constraints) => constraints.Contains("Modified Date", StringComparison.Ordinal) ? RecordingProxy.Ignore : null);

        var report = await fixture.RangeAsync("2026-03-01", "2026-04-15");

        Assert.Equal(asked, await fixture.RowsAsync(Keys));
        Assert.Equal(asked.Count, report.Results.Total);
        Assert.InRange(asked.Count, 10, 150);
    }

    [Fact]
    public async Task A_source_that_is_busy_is_not_taken_for_one_that_refuses_the_constraint()
    {
        await using var fixture = await OpenAsync(postgres);
        await using var between = await RecordingProxy.StartAsync(
            fixture, (_, constraints) => constraints.Contains("Modified Date", StringComparison.Ordinal) ? RecordingProxy.Refuse(502) : null);
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxAttempts = 1, PatienceSeconds = 0 } };

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((false, RunStatus.Failed), (report.Success, report.Run.Status));
        Assert.Empty(await fixture.RowsAsync(Keys));
    }

    [Fact]
    public async Task Where_all_constraints_are_ignored_nothing_is_merged()
    {
        await using var fixture = await OpenAsync(postgres, "constraints-ignored");

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((false, RunStatus.Failed), (report.Success, report.Run.Status));
        Assert.Empty(await fixture.RowsAsync(Keys));
    }

    [Fact]
    public async Task Records_without_a_usable_date_lie_in_no_range_and_those_without_a_usable_id_are_rejected()
    {
        await using var fixture = await OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(20, null));
        fixture.Put("invoice", SyncFixture.Record(21, "yesterday"));
        fixture.Put("invoice", $"{{\"Modified Date\": \"{From}\"}}");
        fixture.Put("invoice", $"{{\"_id\": \"bad id\", \"Modified Date\": \"{From}\"}}");
        await using var between = await RecordingProxy.StartAsync(
            fixture, (_, constraints) => constraints.Contains("Modified Date", StringComparison.Ordinal) ? RecordingProxy.Ignore : null);

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
        await using var fixture = await OpenAsync(postgres);
        await using var between = await RecordingProxy.StartAsync(
            fixture, (_, constraints) => listed && constraints.Contains("Modified Date", StringComparison.Ordinal) ? RecordingProxy.Ignore : null);

        var report = await fixture.RangeAsync("0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z");

        Assert.Equal((true, 5), (report.Success, report.Results.Synced));
    }

    [Fact]
    public async Task A_listing_finds_records_without_Created_Date_too()
    {
        await using var fixture = await OpenAsync(postgres);
        fixture.Put("invoice", $"{{\"_id\": \"{SyncFixture.Id(20)}\", \"Modified Date\": \"{From}\"}}");
        await using var between = await RecordingProxy.StartAsync(
            fixture, (_, constraints) => constraints.Contains("Modified Date", StringComparison.Ordinal) ? RecordingProxy.Ignore : null);

        await fixture.RangeAsync(From, To);

        Assert.Equal([11, 12, 13, 20], (await fixture.RowsAsync(Keys)).Select(Number));
    }

    [Fact]
    public async Task A_listing_that_is_not_shown_to_be_complete_is_no_success()
    {
        await using var fixture = await OpenAsync(postgres);
        await using var between = await RecordingProxy.StartAsync(fixture, (_, constraints) =>
            constraints.Contains("Modified Date", StringComparison.Ordinal)
                ? RecordingProxy.Ignore
                : constraints.Contains("is_empty", StringComparison.Ordinal)
                ? RecordingProxy.Refuse(400)
                : null);

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
}
