using System.Globalization;
using System.Text.Json.Nodes;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 6 and 5.8: whatever Bubble does to the pages, the end state is Bubble's, or the run says loudly that it may not be.</summary>
public sealed class ReadingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("dense=invoice:130", 50, 20)]
    [InlineData("undated=3", 50, 20)]
    [InlineData("limit-cap=7", 50, 20)]
    [InlineData("unstable-ties", 30, 7)]
    [InlineData("twins=2", 50, 20)]
    [InlineData("duplicates=2x", 50, 20)]
    [InlineData("ceiling=40", 100, 10)]
    [InlineData("constraints-ignored=1x", 5000, 100)]
    [InlineData("remaining-wrong=1x", 50, 20)]
    public async Task What_can_be_read_completely_is(string fault, int windowSize, int pageSize)
    {
        await using var fixture = (await OpenAsync(fault, invoices: 150)).With(windowSize, pageSize);

        var report = await fixture.ResyncAsync("invoice");

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        Assert.True(report.Entities[0].Proof!.IsComplete);
        await SameAsBubbleAsync(fixture);
    }

    [Theory]
    [InlineData("duplicates=100", 50, 20, ErrorCode.Unproved)]
    [InlineData("remaining-absent", 50, 20, ErrorCode.Unproved)]
    [InlineData("constraints-ignored=100", 5000, 100, ErrorCode.ConstraintIgnored, 50_000, RunStatus.Partial)]
    [InlineData("constraints-ignored=100", 50, 20, ErrorCode.ConstraintIgnored)]
    [InlineData("ceiling=40", 5000, 20, ErrorCode.Unproved)]
    [InlineData("dense=invoice:130", 50, 20, ErrorCode.WindowTooDense, 60)]
    public async Task What_cannot_be_shown_to_be_complete_is_said_loudly(string fault, int windowSize, int pageSize, ErrorCode code, int ceiling = 50_000, RunStatus status = RunStatus.Failed)
    {
        await using var fixture = (await OpenAsync(fault, invoices: 100)).With(windowSize, pageSize, ceiling);

        var report = await fixture.ResyncAsync("invoice");

        Assert.Equal(code == ErrorCode.Unproved ? RunStatus.Partial : status, report.Status);
        Assert.Contains(report.Errors, e => e.Code == code && e is { Stage: SyncStage.Extract, Entity: "invoice" });
        if (report.Status == RunStatus.Failed)
            Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from invoice"));
        else
            Assert.False(report.Entities[0].Proof!.IsComplete);
    }

    [Fact]
    public async Task Records_without_Created_Date_are_read_and_stored_without_one()
    {
        await using var fixture = await OpenAsync("undated=3", invoices: 10);

        var report = await fixture.ResyncAsync("invoice");

        Assert.Equal((13, 13), (report.Entities[0].Inserted, report.Entities[0].Expected));
        Assert.Equal("3|3", await fixture.RowAsync("select count(*), count(created_at) from invoice where created_date is null"));
        Assert.Equal("undated|3|3|3|~|~", await fixture.RowAsync("select kind, count_before, rows_read, count_after, from_at, to_at from bubblesync.\"window\" where kind not in ('created', 'modified')"));
    }

    [Theory]
    [InlineData(SyncFixture.Early, SyncFixture.Late)]
    [InlineData(SyncFixture.Late, SyncFixture.Early)]
    [InlineData(null, SyncFixture.Late)]
    public async Task Of_a_record_that_is_there_twice_the_newest_counts(string? one, string? other)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, one, $"\"Name\": \"{one}\""));
        fixture.Bubble.Records.PutTwin("agent", SyncFixture.Record(1, other, $"\"Name\": \"{other}\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 2L, 3L, 2L), (report.Status, report.Entities[0].Extracted, report.Entities[0].Staged, report.Entities[0].Inserted));
        Assert.Equal(SyncFixture.Late, await fixture.ScalarAsync<string>($"select name from agent where bubble_id = '{SyncFixture.Id(1)}'"));
        Assert.Contains(report.Warnings, w => w.Contains("1 ids came twice in every reading", StringComparison.Ordinal));
        Assert.Equal("2|proved", await fixture.RowAsync("select attempt, status from bubblesync.\"window\" where kind = 'created'"));
    }

    [Fact]
    public async Task What_is_deleted_between_two_pages_hides_nothing()
    {
        await using var fixture = (await OpenAsync(null, invoices: 100)).With(pageSize: 20);
        BeforePage(fixture, 40, () => fixture.Bubble.Records.Delete("invoice", IdAt(fixture, 5)));

        var report = await fixture.ResyncAsync("invoice");

        Assert.Equal((RunStatus.Succeeded, 99L, 1), (report.Status, report.Entities[0].Inserted, report.Entities[0].Proof!.Rereads));
        await SameAsBubbleAsync(fixture);
    }

    [Fact]
    public async Task A_record_without_Created_Date_is_found_though_another_is_deleted_after_its_window_was_read()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 3))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));
        fixture.Put("agent", $"{{\"_id\": \"{SyncFixture.Id(9)}\", \"Modified Date\": \"{SyncFixture.Early}\"}}");
        var isRead = false;
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            // Then three were read, and the count of the whole says three as well.
            if (isRead && request is { Kind: RequestKind.List, Constraints: "" or "[]" })
                fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
            isRead |= request.Constraints.Contains("Created Date", StringComparison.Ordinal);
            return Task.CompletedTask;
        };

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 4L), (report.Status, report.Entities[0].Inserted));
        Assert.Equal(1, await fixture.ScalarAsync<long>($"select count(*) from agent where bubble_id = '{SyncFixture.Id(9)}'"));
    }

    [Fact]
    public async Task A_record_that_appears_in_a_window_after_it_was_read_is_read_and_the_window_counts_once()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 3))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));
        var isRead = false;
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            // Its dates are old, so that only the counts show it.
            if (isRead && request is { Kind: RequestKind.List, Constraints: "" or "[]" })
                fixture.Put("agent", SyncFixture.Record(9, SyncFixture.Early));
            isRead |= request.Constraints.Contains("Created Date", StringComparison.Ordinal);
            return Task.CompletedTask;
        };

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 4L, 4L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Proof!.Read));
    }

    [Fact]
    public async Task What_is_edited_and_added_between_two_pages_is_caught_up()
    {
        await using var fixture = (await OpenAsync(null, invoices: 100)).With(pageSize: 20);
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
        await using var fixture = (await OpenAsync(null, invoices: 0)).With(pageSize: 20);
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
        await using var fixture = (await OpenAsync(null, invoices: 1300)).With(pageSize: 100);
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
        await using var fixture = (await OpenAsync("limit-cap=17", invoices: 100)).With(windowSize: 40, pageSize: 20);
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

    [Fact]
    public async Task A_row_that_Bubble_no_longer_has_stays_and_is_counted()
    {
        await using var fixture = await OpenAsync(null, invoices: 5);
        await fixture.ResyncAsync("invoice");
        fixture.Bubble.Records.Delete("invoice", IdAt(fixture, 2));
        await fixture.ExecuteAsync("insert into invoice (bubble_id) values ('inv_local')");

        var report = await fixture.ResyncAsync("invoice");

        Assert.Equal((RunStatus.Succeeded, 1L, 4L), (report.Status, report.Entities[0].NotInBubble, report.Entities[0].Extracted));
        Assert.Equal(6, await fixture.ScalarAsync<long>("select count(*) from invoice"));
    }

    private async Task<SyncFixture> OpenAsync(string? fault, int invoices) =>
        (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = invoices, Faults = fault is null ? [] : [fault] })).WithPatches();

    // Ids, dates and amounts of all records; that every other field is right is another test's business.
    private static async Task SameAsBubbleAsync(SyncFixture fixture)
    {
        var stored = await fixture.RowsAsync("select bubble_id, modified_date, amount::text from invoice order by bubble_id");
        var expected = fixture.Bubble.Records.All("invoice").Select(text => JsonNode.Parse(text)!.AsObject())
            .Select(r => $"{r["_id"]}|{DateTimeOffset.Parse(r["Modified Date"]!.GetValue<string>(), CultureInfo.InvariantCulture):yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'}|{r["Amount"]?.ToJsonString() ?? "~"}");
        Assert.Equal(expected.Distinct().Order(StringComparer.Ordinal), stored.Order(StringComparer.Ordinal));
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

    private static string IdAt(SyncFixture fixture, int rank) => JsonNode.Parse(fixture.Bubble.Records.At("invoice", rank))!["_id"]!.GetValue<string>();

    private static void Edit(SyncFixture fixture, int rank)
    {
        var record = JsonNode.Parse(fixture.Bubble.Records.At("invoice", rank))!.AsObject();
        record["Modified Date"] = Now();
        record["Amount"] = rank + 0.25m;
        fixture.Put("invoice", record.ToJsonString());
    }

    private static string Now() => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
