using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary>More changes than Bubble shows of one search.</summary>
public sealed class ManyChangesTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    // More than the ids that are asked for at once.
    private const int Ceiling = 110;
    private static readonly DateTimeOffset Noon = Moment("2026-06-01T12:00:00Z");

    [Fact]
    public async Task An_incremental_sync_reads_them_all_and_moves_its_mark()
    {
        await using var fixture = await ResyncedAsync();
        PutSpread(fixture);

        var report = await fixture.IncrementalAsync("invoice_item");
        ((SetClock)fixture.Clock).Now = Moment("2026-06-03T12:00:00Z");
        var again = await fixture.IncrementalAsync("invoice_item");

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        Assert.Equal((245L, true), (report.Entities[0].Inserted, report.Entities[0].Proof!.IsComplete));
        Assert.Equal((RunStatus.Succeeded, 0L), (again.Status, again.Entities[0].Extracted));
    }

    [Fact]
    public async Task Few_changes_still_take_a_single_call_beside_the_clock_the_count_and_the_description()
    {
        await using var fixture = await ResyncedAsync();
        fixture.Put("invoice_item", SyncFixture.Record(1, At(Noon.AddMinutes(1))));
        fixture.Bubble.Traffic.Reset();

        await fixture.IncrementalAsync("invoice_item");

        Assert.Equal(4, fixture.Bubble.Traffic.Requests);
    }

    [Fact]
    public async Task What_is_modified_while_they_are_read_is_not_lost_between_two_windows()
    {
        await using var fixture = await ResyncedAsync();
        PutSpread(fixture);
        var number = 0;
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            // What lay in the oldest window moves to the end of the range.
            if (request is { Type: "invoice_item", Constraints.Length: > 0 } && number++ is > 12 and < 60)
                fixture.Put("invoice_item", SyncFixture.Record(1000 + number, At(Noon.AddHours(20).AddSeconds(number)), "\"Description\": \"moved\""));
            return Task.CompletedTask;
        };

        var report = await fixture.IncrementalAsync("invoice_item");

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        Assert.Equal(245, await fixture.ScalarAsync<long>("select count(*) from invoice_item"));
    }

    [Fact]
    public async Task More_on_one_millisecond_than_Bubble_shows_stop_it_with_the_way_out()
    {
        await using var fixture = await ResyncedAsync();
        foreach (var number in Enumerable.Range(1, Ceiling + 10))
            fixture.Put("invoice_item", SyncFixture.Record(number, At(Noon.AddMinutes(1)), created: At(Noon.AddSeconds(number))));

        var stopped = await fixture.IncrementalAsync("invoice_item");
        var resynced = await fixture.ResyncAsync("invoice_item");

        Assert.Equal(RunStatus.Failed, stopped.Status);
        Assert.Equal(["invoice_item"], Assert.Single(stopped.Errors).Next?.Entities);
        Assert.Equal((RunStatus.Succeeded, Ceiling + 10L), (resynced.Status, resynced.Entities[0].Inserted));
    }

    [Fact]
    public async Task A_constraint_that_is_ignored_after_the_first_page_ends_the_reading_as_an_issue()
    {
        await using var fixture = await ResyncedAsync();
        PutSpread(fixture);
        fixture.Put("invoice_item", SyncFixture.Record(1, At(Noon.AddDays(-9))));
        var number = 0;
        await using var between = await RecordingProxy.StartAsync(
            fixture, (_, constraints) => constraints.Contains("Modified Date", StringComparison.Ordinal) && number++ > 0 ? RecordingProxy.Ignore : null);

        var report = await fixture.IncrementalAsync("invoice_item");

        Assert.Equal(RunStatus.Partial, report.Status);
        var error = Assert.Single(report.Errors);
        Assert.Equal(ErrorCode.ConstraintIgnored, error.Code);
        Assert.Equal([NextActionKind.Doctor], report.NextActions.Select(a => a.Kind));
        Assert.Contains("the constraint was not applied", error.Message, StringComparison.Ordinal);
        Assert.True(number < 10);
    }

    [Fact]
    public async Task A_deletion_and_an_edit_between_two_pages_hide_no_changed_record()
    {
        await using var fixture = (await ResyncedAsync()).With(windowSize: 100, pageSize: 100);
        var before = Noon.AddDays(-1);
        fixture.Put("invoice_item", SyncFixture.Record(999, At(before), created: At(before)));
        foreach (var number in Enumerable.Range(1, 150))
            fixture.Put("invoice_item", SyncFixture.Record(number, At(Noon.AddMinutes(number)), created: At(before.AddMinutes(-number))));
        var pages = 0;
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            // The record ranks behind all others by Created Date, and makes up for the one that goes.
            if (request.Constraints.Contains("Modified Date", StringComparison.Ordinal) && ++pages == 2)
            {
                fixture.Bubble.Records.Delete("invoice_item", SyncFixture.Id(120));
                fixture.Put("invoice_item", SyncFixture.Record(999, At(Noon.AddHours(20)), created: At(before)));
            }

            return Task.CompletedTask;
        };

        var report = await fixture.IncrementalAsync("invoice_item");

        Assert.True(report.Status == RunStatus.Succeeded && pages >= 2, report.ToJson());
        var stored = await fixture.RowsAsync("select bubble_id from invoice_item");
        Assert.Empty(Enumerable.Range(1, 150).Where(number => number != 120).Append(999).Select(SyncFixture.Id).Except(stored));
    }

    [Fact]
    public async Task The_catch_up_of_a_resync_reads_them_all()
    {
        await using var fixture = await OpenAsync();
        PutAll(Noon);
        var now = TimeProvider.System.GetUtcNow();
        var isEdited = false;
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            if (request.Constraints.Length > 0 && !isEdited)
            {
                isEdited = true;
                PutAll(now);
            }

            return Task.CompletedTask;
        };

        var report = await fixture.ResyncAsync("agent");

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        Assert.Equal(Ceiling * 2, await fixture.ScalarAsync<long>($"select count(*) from agent where modified_date >= '{At(now)}'"));

        void PutAll(DateTimeOffset modified)
        {
            foreach (var number in Enumerable.Range(1, Ceiling * 2))
                fixture.Put("agent", SyncFixture.Record(number, At(modified.AddSeconds(number)), created: At(Noon.AddDays(-number))));
        }
    }

    [Fact]
    public async Task A_range_is_found_without_a_listing_of_everything()
    {
        await using var fixture = await OpenAsync();
        foreach (var number in Enumerable.Range(1, Ceiling + 10))
            fixture.Put("invoice", SyncFixture.Record(number, At(Noon.AddSeconds(20 * number))));

        var report = await fixture.RangeAsync(At(Noon), At(Noon.AddHours(1)));

        Assert.Equal((true, Ceiling + 10), (report.Success, report.Results.Total));
        Assert.DoesNotContain(report.Run.Warnings, w => w.Contains("listed", StringComparison.Ordinal));
    }

    // A day of them, one at a time; so many within a second; more on one millisecond than a window should hold.
    private static void PutSpread(SyncFixture fixture)
    {
        foreach (var number in Enumerable.Range(1, 100))
            fixture.Put("invoice_item", SyncFixture.Record(1000 + number, At(Noon.AddMinutes(10 * number))));
        foreach (var number in Enumerable.Range(1, 120))
            fixture.Put("invoice_item", SyncFixture.Record(2000 + number, At(Noon.AddHours(5).AddMilliseconds(8 * number))));
        foreach (var number in Enumerable.Range(1, 25))
            fixture.Put("invoice_item", SyncFixture.Record(3000 + number, At(Noon.AddHours(6))));
    }

    private static string At(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private async Task<SyncFixture> OpenAsync() =>
        (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = [$"ceiling={Ceiling}"] }))
            .With(windowSize: 20, pageSize: 10, offsetCeiling: Ceiling);

    // A resync at noon; a day later the changes are asked for.
    private async Task<SyncFixture> ResyncedAsync()
    {
        var fixture = await OpenAsync();
        var clock = new SetClock("2026-06-01T12:00:00Z");
        fixture.Clock = clock;
        await fixture.ResyncAsync("invoice_item");
        await fixture.ExecuteAsync("update bubblesync.run set upper_bound = started_at");
        clock.Now = Moment("2026-06-02T12:00:00Z");
        return fixture;
    }
}
