using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using Xunit;
using static BubbleSync.Tests.Resync.ReadInvoices;

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
        await using var fixture = (await OpenAsync(postgres, fault, invoices: 150)).With(windowSize, pageSize);

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
    public async Task What_cannot_be_shown_to_be_complete_is_said_loudly(
        string fault, int windowSize, int pageSize, ErrorCode code, int ceiling = 50_000, RunStatus status = RunStatus.Failed)
    {
        await using var fixture = (await OpenAsync(postgres, fault, invoices: 100)).With(windowSize, pageSize, ceiling);

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
        await using var fixture = await OpenAsync(postgres, "undated=3", invoices: 10);

        var report = await fixture.ResyncAsync("invoice");

        Assert.Equal((13, 13), (report.Entities[0].Inserted, report.Entities[0].Expected));
        Assert.Equal("3|3", await fixture.RowAsync("select count(*), count(created_at) from invoice where created_date is null"));
        Assert.Equal("undated|3|3|3|~|~", await fixture.RowAsync("select kind, count_before, rows_read, count_after, from_at, to_at from "
            + "bubblesync.\"window\" where kind not in ('created', 'modified')"));
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
    public async Task A_row_that_Bubble_no_longer_has_stays_and_is_counted()
    {
        await using var fixture = await OpenAsync(postgres, null, invoices: 5);
        await fixture.ResyncAsync("invoice");
        fixture.Bubble.Records.Delete("invoice", IdAt(fixture, 2));
        await fixture.ExecuteAsync("insert into invoice (bubble_id) values ('inv_local')");

        var report = await fixture.ResyncAsync("invoice");

        Assert.Equal((RunStatus.Succeeded, 1L, 4L), (report.Status, report.Entities[0].NotInBubble, report.Entities[0].Extracted));
        Assert.Equal(6, await fixture.ScalarAsync<long>("select count(*) from invoice"));
    }
}
