using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;
using static BubbleSync.Tests.Sync.RangeInvoices;

namespace BubbleSync.Tests.Sync;

/// <summary><c>sync range</c>: which invoices it takes, and how it finds them where Bubble does not.</summary>
public sealed class RangeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Both_ends_are_included_and_nothing_outside_is_touched()
    {
        await using var fixture = await OpenAsync(postgres);

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal([11, 12, 13], (await fixture.RowsAsync(Keys)).Select(Number));
        Assert.True(report.Success, report.ToJson());
        Assert.Equal((3, 3, 0, 0), (report.Results.Total, report.Results.Synced, report.Results.Skipped, report.Results.Failed));
        Assert.DoesNotContain(report.Run.Warnings, w => w.Contains("listed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_range_of_one_moment_takes_what_lies_on_it()
    {
        await using var fixture = await OpenAsync(postgres);

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
        await using var fixture = await OpenAsync(postgres);
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
        var (errors, warnings) =
            (report.Results.Errors.Where(e => e.Severity == Severity.Error)
                .ToList(), report.Results.Errors.Where(e => e.Severity == Severity.Warning).ToList());
        Assert.Equal((101, 101), (errors.Count, warnings.Count));
        Assert.StartsWith("30 more errors are not listed here; ", errors[^1].Message, StringComparison.Ordinal);
        Assert.StartsWith("20 more warnings are not listed here; ", warnings[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rejected_record_belongs_to_each_invoice_that_its_text_names()
    {
        await using var fixture = await OpenAsync(postgres);
        fixture.Put("payment", SyncFixture.Record(21, From, $"\"Amount\": \"much\", {Link("Linked Invoice", 11)}"));
        fixture.Put("payment", SyncFixture.Record(22, From, $"\"Amount\": \"much\", {Link("Linked Invoice", 13)}"));

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((3, 1, 0, 2), (report.Results.Total, report.Results.Synced, report.Results.Skipped, report.Results.Failed));
        Assert.Equal([21, 22], report.Results.Errors.Select(e => Number(e.BubbleId)));
    }

    [Fact]
    public async Task A_range_with_nothing_in_it_is_a_success()
    {
        await using var fixture = await OpenAsync(postgres);

        var report = await fixture.RangeAsync("2025-01-01", "2025-01-02");

        Assert.Equal((true, 0), (report.Success, report.Results.Total));
        Assert.Equal(RunStatus.Succeeded, report.Run.Status);
    }

    [Fact]
    public async Task The_same_range_again_skips_all_and_writes_no_row()
    {
        await using var fixture = await OpenAsync(postgres);
        await fixture.RangeAsync(From, To);
        var before = await fixture.SnapshotAsync();

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((3, 0, 3, 0), (report.Results.Total, report.Results.Synced, report.Results.Skipped, report.Results.Failed));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task With_force_the_same_range_again_skips_none_and_writes_no_row()
    {
        await using var fixture = await OpenAsync(postgres);
        await fixture.RangeAsync(From, To);
        var before = await fixture.SnapshotAsync();

        var report = await fixture.RangeAsync(From, To, force: true);

        Assert.Equal((true, 3, 3, 0, 0), (report.Success, report.Results.Total, report.Results.Synced, report.Results.Skipped, report.Results.Failed));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task Force_takes_Bubbles_values()
    {
        await using var fixture = await OpenAsync(postgres);
        await fixture.RangeAsync(From, To);
        await fixture.ExecuteAsync("update invoice set amount = 99, updated_at = now()");

        var report = await fixture.RangeAsync(From, To, force: true);

        Assert.Equal(3, report.Results.Synced);
        Assert.Equal("1", await fixture.RowAsync("select distinct trim_scale(amount)::text from invoice"));
    }
}
