using System.Globalization;
using System.Text.Json.Nodes;
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
        await using var scene = (await OpenAsync(fault, invoices: 150)).With(windowSize, pageSize);

        var report = await scene.ResyncAsync("invoice");

        Assert.True(report.Status == "succeeded", report.ToJson());
        Assert.True(report.Entities[0].Proof!.IsComplete);
        await SameAsBubbleAsync(scene);
    }

    [Theory]
    [InlineData("duplicates=100", 50, 20, "unproved")]
    [InlineData("remaining-absent", 50, 20, "unproved")]
    [InlineData("constraints-ignored=100", 5000, 100, "unproved")]
    [InlineData("constraints-ignored=100", 50, 20, "constraint-ignored")]
    [InlineData("ceiling=40", 5000, 20, "unproved")]
    [InlineData("dense=invoice:130", 50, 20, "window-too-dense", 60)]
    public async Task What_cannot_be_shown_to_be_complete_is_said_loudly(string fault, int windowSize, int pageSize, string code, int ceiling = 50_000)
    {
        await using var scene = (await OpenAsync(fault, invoices: 100)).With(windowSize, pageSize, ceiling);

        var report = await scene.ResyncAsync("invoice");

        Assert.Equal(code == "unproved" ? "partial" : "failed", report.Status);
        Assert.Contains(report.Errors, e => e.Code == code && e is { Stage: "extract", Entity: "invoice" });
        if (code != "unproved")
            Assert.Equal(0, await scene.ScalarAsync<long>("select count(*) from invoice"));
        else
            Assert.False(report.Entities[0].Proof!.IsComplete);
    }

    [Fact]
    public async Task Records_without_Created_Date_are_read_and_stored_without_one()
    {
        await using var scene = await OpenAsync("undated=3", invoices: 10);

        var report = await scene.ResyncAsync("invoice");

        Assert.Equal((13, 13), (report.Entities[0].Inserted, report.Entities[0].Expected));
        Assert.Equal("3|3", await scene.RowAsync("select count(*), count(created_at) from invoice where created_date is null"));
        Assert.Equal("undated|3|3|3|~|~", await scene.RowAsync("select kind, count_before, rows_read, count_after, from_at, to_at from bubblesync.\"window\" where kind not in ('created', 'modified')"));
    }

    [Theory]
    [InlineData(Scene.Early, Scene.Late)]
    [InlineData(Scene.Late, Scene.Early)]
    [InlineData(null, Scene.Late)]
    public async Task Of_a_record_that_is_there_twice_the_newest_counts(string? one, string? other)
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("agent", Scene.Record(1, one, $"\"Name\": \"{one}\""));
        scene.Bubble.Records.PutTwin("agent", Scene.Record(1, other, $"\"Name\": \"{other}\""));
        scene.Put("agent", Scene.Record(2, Scene.Early));

        var report = await scene.ResyncAsync("agent");

        Assert.Equal(("succeeded", 2L, 3L, 2L), (report.Status, report.Entities[0].Extracted, report.Entities[0].Staged, report.Entities[0].Inserted));
        Assert.Equal(Scene.Late, await scene.ScalarAsync<string>($"select name from agent where bubble_id = '{Scene.Id(1)}'"));
        Assert.Contains(report.Warnings, w => w.Contains("1 ids came twice in every reading", StringComparison.Ordinal));
        Assert.Equal("2|proved", await scene.RowAsync("select attempt, status from bubblesync.\"window\" where kind = 'created'"));
    }

    [Fact]
    public async Task What_is_deleted_between_two_pages_hides_nothing()
    {
        await using var scene = (await OpenAsync(null, invoices: 100)).With(pageSize: 20);
        BeforePage(scene, 40, () => scene.Bubble.Records.Delete("invoice", IdAt(scene, 5)));

        var report = await scene.ResyncAsync("invoice");

        Assert.Equal(("succeeded", 99L, 1), (report.Status, report.Entities[0].Inserted, report.Entities[0].Proof!.Rereads));
        await SameAsBubbleAsync(scene);
    }

    [Fact]
    public async Task A_record_without_Created_Date_is_found_though_another_is_deleted_after_its_window_was_read()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 3))
            scene.Put("agent", Scene.Record(number, Scene.Early));
        scene.Put("agent", $"{{\"_id\": \"{Scene.Id(9)}\", \"Modified Date\": \"{Scene.Early}\"}}");
        var isRead = false;
        scene.Bubble.Traffic.OnRequest = request =>
        {
            // Then three were read, and the count of the whole says three as well.
            if (isRead && request is { Kind: RequestKind.List, Constraints: "" or "[]" })
                scene.Bubble.Records.Delete("agent", Scene.Id(1));
            isRead |= request.Constraints.Contains("Created Date", StringComparison.Ordinal);
            return Task.CompletedTask;
        };

        var report = await scene.ResyncAsync("agent");

        Assert.Equal(("succeeded", 4L), (report.Status, report.Entities[0].Inserted));
        Assert.Equal(1, await scene.ScalarAsync<long>($"select count(*) from agent where bubble_id = '{Scene.Id(9)}'"));
    }

    [Fact]
    public async Task A_record_that_appears_in_a_window_after_it_was_read_is_read_and_the_window_counts_once()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 3))
            scene.Put("agent", Scene.Record(number, Scene.Early));
        var isRead = false;
        scene.Bubble.Traffic.OnRequest = request =>
        {
            // Its dates are old, so that only the counts show it.
            if (isRead && request is { Kind: RequestKind.List, Constraints: "" or "[]" })
                scene.Put("agent", Scene.Record(9, Scene.Early));
            isRead |= request.Constraints.Contains("Created Date", StringComparison.Ordinal);
            return Task.CompletedTask;
        };

        var report = await scene.ResyncAsync("agent");

        Assert.Equal(("succeeded", 4L, 4L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Proof!.Read));
    }

    [Fact]
    public async Task What_is_edited_and_added_between_two_pages_is_caught_up()
    {
        await using var scene = (await OpenAsync(null, invoices: 100)).With(pageSize: 20);
        BeforePage(scene, 40, () =>
        {
            Edit(scene, 3);
            Edit(scene, 99);
            scene.Put("invoice", Scene.Record(1, Now(), "\"Amount\": 5", created: Now()));
        });

        var report = await scene.ResyncAsync("invoice");

        Assert.Equal(("succeeded", 101L, 0L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
        await SameAsBubbleAsync(scene);
    }

    [Fact]
    public async Task Fields_without_a_column_count_a_record_that_is_read_again_once()
    {
        await using var scene = (await OpenAsync(null, invoices: 0)).With(pageSize: 20);
        foreach (var number in Enumerable.Range(1, 60))
            scene.Put("invoice", Scene.Record(number, Scene.Early, "\"Amount\": 5, \"New!\": 1"));
        BeforePage(scene, 40, () =>
        {
            // The window is read again for the first, and what changed since holds the second.
            scene.Bubble.Records.Delete("invoice", Scene.Id(5));
            scene.Put("invoice", Scene.Record(50, Now(), "\"New!\": 1, \"Newer!\": 1"));
        });

        var report = await scene.ResyncAsync("invoice");

        Assert.Equal(("succeeded", 1), (report.Status, report.Entities[0].Proof!.Rereads));
        Assert.Contains(report.Warnings, w => w.Contains("no map names: 'New!' (59), 'Newer!' (1).", StringComparison.Ordinal));
    }

    // More than the merge looks for by name.
    [Fact]
    public async Task Of_very_many_records_that_are_read_twice_the_newest_count()
    {
        const int Edited = 1100;
        await using var scene = (await OpenAsync(null, invoices: 1300)).With(pageSize: 100);
        BeforePage(scene, 1200, () => Enumerable.Range(0, Edited).ToList().ForEach(rank => Edit(scene, rank)));

        var report = await scene.ResyncAsync("invoice");

        Assert.Equal(("succeeded", 1300L, 1300L), (report.Status, report.Entities[0].Extracted, report.Entities[0].Inserted));
        // Records that share a millisecond at the end of a page come once more.
        Assert.InRange(report.Entities[0].Staged, 1300 + Edited, 1300 + Edited + 200);
        await SameAsBubbleAsync(scene);
    }

    [Fact]
    public async Task Everything_at_once_while_reading_ends_as_Bubble_does()
    {
        await using var scene = (await OpenAsync("limit-cap=17", invoices: 100)).With(windowSize: 40, pageSize: 20);
        var page = 0;
        scene.Bubble.Traffic.OnRequest = request =>
        {
            if (request.Type != "invoice" || request.Cursor == 0 || page++ is not (2 or 5 or 8))
                return Task.CompletedTask;

            scene.Bubble.Records.Delete("invoice", IdAt(scene, page));
            Edit(scene, page + 10);
            scene.Put("invoice", Scene.Record(page, Now(), created: Now()));
            return Task.CompletedTask;
        };

        var report = await scene.ResyncAsync("invoice");
        scene.Bubble.Traffic.OnRequest = null;

        Assert.True(report.Status == "succeeded", report.ToJson());
        foreach (var gone in (await scene.RowsAsync("select bubble_id from invoice")).Where(id => scene.Bubble.Records.Get("invoice", id) is null))
            await scene.ExecuteAsync($"delete from invoice where bubble_id = '{gone}'");
        await SameAsBubbleAsync(scene);
    }

    [Fact]
    public async Task A_row_that_Bubble_no_longer_has_stays_and_is_counted()
    {
        await using var scene = await OpenAsync(null, invoices: 5);
        await scene.ResyncAsync("invoice");
        scene.Bubble.Records.Delete("invoice", IdAt(scene, 2));
        await scene.ExecuteAsync("insert into invoice (bubble_id) values ('inv_local')");

        var report = await scene.ResyncAsync("invoice");

        Assert.Equal(("succeeded", 1L, 4L), (report.Status, report.Entities[0].NotInBubble, report.Entities[0].Extracted));
        Assert.Equal(6, await scene.ScalarAsync<long>("select count(*) from invoice"));
    }

    private async Task<Scene> OpenAsync(string? fault, int invoices) =>
        (await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = invoices, Faults = fault is null ? [] : [fault] })).WithPatches();

    // Ids, dates and amounts of all records; that every other field is right is another test's business.
    private static async Task SameAsBubbleAsync(Scene scene)
    {
        var stored = await scene.RowsAsync("select bubble_id, modified_date, amount::text from invoice order by bubble_id");
        var expected = scene.Bubble.Records.All("invoice").Select(text => JsonNode.Parse(text)!.AsObject())
            .Select(r => $"{r["_id"]}|{DateTimeOffset.Parse(r["Modified Date"]!.GetValue<string>(), CultureInfo.InvariantCulture):yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'}|{r["Amount"]?.ToJsonString() ?? "~"}");
        Assert.Equal(expected.Distinct().Order(StringComparer.Ordinal), stored.Order(StringComparer.Ordinal));
    }

    private static void BeforePage(Scene scene, long cursor, Action change)
    {
        var isDone = 0;
        scene.Bubble.Traffic.OnRequest = request =>
        {
            if (request.Type == "invoice" && request.Cursor == cursor && Interlocked.Exchange(ref isDone, 1) == 0)
                change();
            return Task.CompletedTask;
        };
    }

    private static string IdAt(Scene scene, int rank) => JsonNode.Parse(scene.Bubble.Records.At("invoice", rank))!["_id"]!.GetValue<string>();

    private static void Edit(Scene scene, int rank)
    {
        var record = JsonNode.Parse(scene.Bubble.Records.At("invoice", rank))!.AsObject();
        record["Modified Date"] = Now();
        record["Amount"] = rank + 0.25m;
        scene.Put("invoice", record.ToJsonString());
    }

    private static string Now() => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
