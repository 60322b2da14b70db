using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.5: what cannot be mapped is kept apart, and everything else is loaded.</summary>
public sealed class RejectTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Rejects = "select bubble_id, field from bubblesync.rejected_record order by bubble_id, field";

    [Fact]
    public async Task A_value_that_does_not_convert_rejects_its_record_and_no_other()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, "\"Amount\": 1, \"Paid?\": true"));
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Early, "\"Amount\": 2"));
        await fixture.ResyncAsync("invoice");
        var broken = SyncFixture.Record(1, SyncFixture.Late, "\"Stamp Cash Price\": \"twelve\", \"Paid?\": \"perhaps\", \"Version\": 1.5, \"Status\": \"new\"");
        fixture.Put("invoice", broken);
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Late, "\"Amount\": 3"));

        var report = await fixture.ResyncAsync("invoice");

        Assert.Equal((RunStatus.Partial, 1L, 1L, 2L), (report.Status, report.Entities[0].Rejected, report.Entities[0].Updated, report.Entities[0].Extracted));
        Assert.Equal(["1|true|~", "3|~|~"], await fixture.RowsAsync("select amount, paid, status from invoice order by bubble_id"));
        Assert.Equal(["Paid?", "Stamp Cash Price", "Version"], await fixture.RowsAsync("select field from bubblesync.rejected_record order by 1"));
        Assert.Equal([$"{report.RunId}|invoice|{SyncFixture.Id(1)}|{broken}"], await fixture.RowsAsync("select distinct run_id::text, entity, bubble_id, raw "
            + "from bubblesync.rejected_record where reason <> ''"));
        Assert.Equal(3, report.Errors.Count(
            e => e is { Code: ErrorCode.Rejected, Stage: SyncStage.Transform, Entity: "invoice" } && e.BubbleId == SyncFixture.Id(1)));
        Assert.DoesNotContain(report.Errors, e => e.Message.Contains("twelve", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_id_of_the_form_that_no_index_would_take_is_rejected_alone()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("agent", $$"""{"_id": "1x{{new string('7', 999)}}", "Created Date": "2026-02-02T00:00:00.000Z"}""");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 1L, 1L), (report.Status, report.Entities[0].Rejected, report.Entities[0].Inserted));
    }

    [Fact]
    public async Task Records_without_a_usable_id_are_rejected_each_and_the_others_load()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("agent", """{"Created Date": "2026-02-02T00:00:00.000Z", "Name": "first"}""");
        fixture.Put("agent", """{"Created Date": "2026-02-02T00:00:00.000Z", "Name": "second"}""");
        fixture.Put("agent", """{"_id": "bad id", "Created Date": "2026-02-02T00:00:00.000Z"}""");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 3L, 1L, 4L, 4L),
            (report.Status, report.Entities[0].Rejected, report.Entities[0].Inserted, report.Entities[0].Extracted, report.Entities[0].Staged));
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(*) from agent"));
        Assert.Equal(["~|_id", "~|_id", "~|_id"], await fixture.RowsAsync(Rejects));
        Assert.Equal(3, await fixture.ScalarAsync<long>("select count(distinct raw) from bubblesync.rejected_record"));
    }

    [Fact]
    public async Task A_text_too_long_for_its_column_rejects_its_record()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, $"\"Status\": \"{new string('é', 50)}\""));
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Early, $"\"Status\": \"{new string('é', 51)}\""));

        var report = await fixture.ResyncAsync("invoice");

        Assert.Equal((1, 1), (report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal("50", await fixture.RowAsync("select length(status) from invoice"));
        Assert.Equal([$"{SyncFixture.Id(2)}|Status"], await fixture.RowsAsync(Rejects));
    }

    [Fact]
    public async Task A_reject_that_is_good_when_read_again_is_loaded()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": \"five\""));
        EditBeforeCatchUp(fixture, "\"Commission\": 5");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 0L, 1L, 1L, 2L),
            (report.Status, report.Entities[0].Rejected, report.Entities[0].Inserted, report.Entities[0].Extracted, report.Entities[0].Staged));
        Assert.Equal("5", await fixture.RowAsync("select commission from agent"));
        Assert.Empty(await fixture.RowsAsync(Rejects));
    }

    [Fact]
    public async Task Of_a_record_that_is_a_reject_each_time_it_is_read_only_the_last_reading_is_kept()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": \"five\""));
        EditBeforeCatchUp(fixture, "\"Agent Code\": 5, \"Commission\": \"six\"");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 1L, 2L), (report.Status, report.Entities[0].Rejected, report.Entities[0].Staged));
        Assert.Equal("true", await fixture.RowAsync("select position('six' in raw) > 0 from bubblesync.rejected_record"));
    }

    [Fact]
    public async Task A_reject_that_is_good_when_read_again_counts_against_no_limit()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": \"five\""));
        EditBeforeCatchUp(fixture, "\"Commission\": 5");

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = new Limit(0, false) });

        Assert.Equal((RunStatus.Succeeded, 1L), (report.Status, report.Entities[0].Inserted));
    }

    [Fact]
    public async Task A_good_record_that_is_a_reject_when_read_again_is_not_loaded()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": 5"));
        EditBeforeCatchUp(fixture, "\"Commission\": \"five\"");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 1L, 0L, 1L), (report.Status, report.Entities[0].Rejected, report.Entities[0].Inserted, report.Entities[0].Extracted));
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from agent"));
        Assert.Equal([$"{SyncFixture.Id(1)}|Commission"], await fixture.RowsAsync(Rejects));
    }

    [Fact]
    public async Task A_null_for_a_column_that_must_not_be_empty_rejects_its_record()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent alter column name set not null");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": null"));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Name\": \"Ann\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((1, 1), (report.Entities[0].Inserted, report.Entities[0].Rejected));
    }

    [Fact]
    public async Task A_record_without_an_id_counts_once_though_its_window_is_read_again()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).With(pageSize: 2);
        foreach (var number in Enumerable.Range(1, 5))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));
        fixture.Put("agent", "{\"Name\": \"nameless\", \"Created Date\": \"2026-02-01T00:00:00.000Z\"}");
        var isDone = false;
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            if (!isDone && request is { Kind: RequestKind.List, Cursor: 4 })
            {
                isDone = true;
                fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
            }

            return Task.CompletedTask;
        };

        var report = await fixture.ResyncAsync("agent");

        var agent = report.Entities[0];
        Assert.Equal((1, 4L, 1L, 5L), (agent.Proof!.Rereads, agent.Inserted, agent.Rejected, agent.Extracted));
        Assert.Equal(5, agent.Proof.Read);
        Assert.Equal(["~|_id"], await fixture.RowsAsync(Rejects));
    }

    // The record changes after its window was read: the catch-up pass, the only one that asks for Modified Date, sees it anew.
    private static void EditBeforeCatchUp(SyncFixture fixture, string fields)
    {
        var isDone = false;
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            if (!isDone && request.Kind == RequestKind.List && request.Constraints.Contains("Modified Date", StringComparison.Ordinal))
            {
                isDone = true;
                fixture.Put("agent", SyncFixture.Record(
                    1, TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), fields));
            }

            return Task.CompletedTask;
        };
    }
}
