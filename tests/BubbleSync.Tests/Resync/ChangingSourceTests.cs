using System.Globalization;
using System.Text.Json.Nodes;
using BubbleSync.Etl.Reports;
using Xunit;
using static BubbleSync.Tests.Resync.ReadInvoices;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 6 and 5.8: what is deleted, edited or added while it is read ends as Bubble has it.</summary>
public sealed class ChangingSourceTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task What_is_deleted_between_two_pages_hides_nothing()
    {
        await using var fixture = (await OpenAsync(postgres, null, invoices: 100)).With(pageSize: 20);
        BeforePage(fixture, 40, () => fixture.Bubble.Records.Delete("invoice", IdAt(fixture, 5)));

        var report = await fixture.ResyncAsync("invoice");

        Assert.Equal((RunStatus.Succeeded, 99L, 1), (report.Status, report.Entities[0].Inserted, report.Entities[0].Proof!.Rereads));
        await SameAsBubbleAsync(fixture);
    }

    [Fact]
    public async Task What_is_edited_and_added_between_two_pages_is_caught_up()
    {
        await using var fixture = (await OpenAsync(postgres, null, invoices: 100)).With(pageSize: 20);
        BeforePage(fixture, 40, () =>
        {
            Edit(fixture, 3);
            Edit(fixture, 99);
            fixture.Put("invoice", SyncFixture.Record(1, Now(), "\"Amount\": 5", created: Now()));
        });

        var report = await fixture.ResyncAsync("invoice");

        Assert.Equal((RunStatus.Succeeded, 101L, 0L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
        await SameAsBubbleAsync(fixture);
    }

    [Fact]
    public async Task Fields_without_a_column_count_a_record_that_is_read_again_once()
    {
        await using var fixture = (await OpenAsync(postgres, null, invoices: 0)).With(pageSize: 20);
        foreach (var number in Enumerable.Range(1, 60))
            fixture.Put("invoice", SyncFixture.Record(number, SyncFixture.Early, "\"Amount\": 5, \"New!\": 1"));
        BeforePage(fixture, 40, () =>
        {
            // The window is read again for the first, and what changed since holds the second.
            fixture.Bubble.Records.Delete("invoice", SyncFixture.Id(5));
            fixture.Put("invoice", SyncFixture.Record(50, Now(), "\"New!\": 1, \"Newer!\": 1"));
        });

        var report = await fixture.ResyncAsync("invoice");

        Assert.Equal((RunStatus.Succeeded, 1), (report.Status, report.Entities[0].Proof!.Rereads));
        Assert.Contains(report.Warnings, w => w.Contains("no map names: 'New!' (59), 'Newer!' (1).", StringComparison.Ordinal));
    }

    // More than the merge looks for by name.
    [Fact]
    public async Task Of_very_many_records_that_are_read_twice_the_newest_count()
    {
        const int Edited = 1100;
        await using var fixture = (await OpenAsync(postgres, null, invoices: 1300)).With(pageSize: 100);
        BeforePage(fixture, 1200, () => Enumerable.Range(0, Edited).ToList().ForEach(rank => Edit(fixture, rank)));

        var report = await fixture.ResyncAsync("invoice");

        Assert.Equal((RunStatus.Succeeded, 1300L, 1300L), (report.Status, report.Entities[0].Extracted, report.Entities[0].Inserted));
        // Records that share a millisecond at the end of a page come once more.
        Assert.InRange(report.Entities[0].Staged, 1300 + Edited, 1300 + Edited + 200);
        await SameAsBubbleAsync(fixture);
    }

    [Fact]
    public async Task Everything_at_once_while_reading_ends_as_Bubble_does()
    {
        await using var fixture = (await OpenAsync(postgres, "limit-cap=17", invoices: 100)).With(windowSize: 40, pageSize: 20);
        var page = 0;
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            if (request.Type != "invoice" || request.Cursor == 0 || page++ is not (2 or 5 or 8))
                return Task.CompletedTask;

            fixture.Bubble.Records.Delete("invoice", IdAt(fixture, page));
            Edit(fixture, page + 10);
            fixture.Put("invoice", SyncFixture.Record(page, Now(), created: Now()));
            return Task.CompletedTask;
        };

        var report = await fixture.ResyncAsync("invoice");
        fixture.Bubble.Traffic.OnRequest = null;

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        foreach (var gone in (await fixture.RowsAsync("select bubble_id from invoice")).Where(id => fixture.Bubble.Records.Get("invoice", id) is null))
            await fixture.ExecuteAsync($"delete from invoice where bubble_id = '{gone}'");
        await SameAsBubbleAsync(fixture);
    }

    private static void BeforePage(SyncFixture fixture, long cursor, Action change)
    {
        var isDone = 0;
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            if (request.Type == "invoice" && request.Cursor == cursor && Interlocked.Exchange(ref isDone, 1) == 0)
                change();
            return Task.CompletedTask;
        };
    }

    private static void Edit(SyncFixture fixture, int rank)
    {
        var record = JsonNode.Parse(fixture.Bubble.Records.At("invoice", rank))!.AsObject();
        record["Modified Date"] = Now();
        record["Amount"] = rank + 0.25m;
        fixture.Put("invoice", record.ToJsonString());
    }

    private static string Now() => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
