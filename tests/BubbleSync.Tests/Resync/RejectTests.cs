using System.Globalization;
using BubbleSync.Etl;
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
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("invoice", Scene.Record(1, Scene.Early, "\"Amount\": 1, \"Paid?\": true"));
        scene.Put("invoice", Scene.Record(2, Scene.Early, "\"Amount\": 2"));
        await scene.ResyncAsync("invoice");
        var broken = Scene.Record(1, Scene.Late, "\"Stamp Cash Price\": \"twelve\", \"Paid?\": \"perhaps\", \"Version\": 1.5, \"Status\": \"new\"");
        scene.Put("invoice", broken);
        scene.Put("invoice", Scene.Record(2, Scene.Late, "\"Amount\": 3"));

        var report = await scene.ResyncAsync("invoice");

        Assert.Equal(("partial", 1L, 1L, 2L), (report.Status, report.Entities[0].Rejected, report.Entities[0].Updated, report.Entities[0].Extracted));
        Assert.Equal(["1|true|~", "3|~|~"], await scene.RowsAsync("select amount, paid, status from invoice order by bubble_id"));
        Assert.Equal(["Paid?", "Stamp Cash Price", "Version"], await scene.RowsAsync("select field from bubblesync.rejected_record order by 1"));
        Assert.Equal([$"{report.RunId}|invoice|{Scene.Id(1)}|{broken}"], await scene.RowsAsync("select distinct run_id::text, entity, bubble_id, raw from bubblesync.rejected_record where reason <> ''"));
        Assert.Equal(3, report.Errors.Count(e => e is { Code: "rejected", Stage: "transform", Entity: "invoice" } && e.BubbleId == Scene.Id(1)));
        Assert.DoesNotContain(report.Errors, e => e.Message.Contains("twelve", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_id_of_the_form_that_no_index_would_take_is_rejected_alone()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("agent", Scene.Record(1, Scene.Early));
        scene.Put("agent", $$"""{"_id": "1x{{new string('7', 999)}}", "Created Date": "2026-02-02T00:00:00.000Z"}""");

        var report = await scene.ResyncAsync("agent");

        Assert.Equal(("partial", 1L, 1L), (report.Status, report.Entities[0].Rejected, report.Entities[0].Inserted));
    }

    [Fact]
    public async Task Records_without_a_usable_id_are_rejected_each_and_the_others_load()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("agent", Scene.Record(1, Scene.Early));
        scene.Put("agent", """{"Created Date": "2026-02-02T00:00:00.000Z", "Name": "first"}""");
        scene.Put("agent", """{"Created Date": "2026-02-02T00:00:00.000Z", "Name": "second"}""");
        scene.Put("agent", """{"_id": "bad id", "Created Date": "2026-02-02T00:00:00.000Z"}""");

        var report = await scene.ResyncAsync("agent");

        Assert.Equal(("partial", 3L, 1L, 4L, 4L), (report.Status, report.Entities[0].Rejected, report.Entities[0].Inserted, report.Entities[0].Extracted, report.Entities[0].Staged));
        Assert.Equal(1, await scene.ScalarAsync<long>("select count(*) from agent"));
        Assert.Equal(["~|_id", "~|_id", "~|_id"], await scene.RowsAsync(Rejects));
        Assert.Equal(3, await scene.ScalarAsync<long>("select count(distinct raw) from bubblesync.rejected_record"));
    }

    [Fact]
    public async Task A_text_too_long_for_its_column_rejects_its_record()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("invoice", Scene.Record(1, Scene.Early, $"\"Status\": \"{new string('é', 50)}\""));
        scene.Put("invoice", Scene.Record(2, Scene.Early, $"\"Status\": \"{new string('é', 51)}\""));

        var report = await scene.ResyncAsync("invoice");

        Assert.Equal((1, 1), (report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal("50", await scene.RowAsync("select length(status) from invoice"));
        Assert.Equal([$"{Scene.Id(2)}|Status"], await scene.RowsAsync(Rejects));
    }

    [Fact]
    public async Task A_reject_that_is_good_when_read_again_is_loaded()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Commission\": \"five\""));
        EditBeforeCatchUp(scene, "\"Commission\": 5");

        var report = await scene.ResyncAsync("agent");

        Assert.Equal(("succeeded", 0L, 1L, 1L, 2L), (report.Status, report.Entities[0].Rejected, report.Entities[0].Inserted, report.Entities[0].Extracted, report.Entities[0].Staged));
        Assert.Equal("5", await scene.RowAsync("select commission from agent"));
        Assert.Empty(await scene.RowsAsync(Rejects));
    }

    [Fact]
    public async Task Of_a_record_that_is_a_reject_each_time_it_is_read_only_the_last_reading_is_kept()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Commission\": \"five\""));
        EditBeforeCatchUp(scene, "\"Agent Code\": 5, \"Commission\": \"six\"");

        var report = await scene.ResyncAsync("agent");

        Assert.Equal(("partial", 1L, 2L), (report.Status, report.Entities[0].Rejected, report.Entities[0].Staged));
        Assert.Equal("true", await scene.RowAsync("select position('six' in raw) > 0 from bubblesync.rejected_record"));
    }

    [Fact]
    public async Task A_reject_that_is_good_when_read_again_counts_against_no_limit()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Commission\": \"five\""));
        EditBeforeCatchUp(scene, "\"Commission\": 5");

        var report = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = new Limit(0, false) });

        Assert.Equal(("succeeded", 1L), (report.Status, report.Entities[0].Inserted));
    }

    [Fact]
    public async Task A_good_record_that_is_a_reject_when_read_again_is_not_loaded()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Commission\": 5"));
        EditBeforeCatchUp(scene, "\"Commission\": \"five\"");

        var report = await scene.ResyncAsync("agent");

        Assert.Equal(("partial", 1L, 0L, 1L), (report.Status, report.Entities[0].Rejected, report.Entities[0].Inserted, report.Entities[0].Extracted));
        Assert.Equal(0, await scene.ScalarAsync<long>("select count(*) from agent"));
        Assert.Equal([$"{Scene.Id(1)}|Commission"], await scene.RowsAsync(Rejects));
    }

    [Fact]
    public async Task A_null_for_a_column_that_must_not_be_empty_rejects_its_record()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync("alter table agent alter column name set not null");
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Name\": null"));
        scene.Put("agent", Scene.Record(2, Scene.Early, "\"Name\": \"Ann\""));

        var report = await scene.ResyncAsync("agent");

        Assert.Equal((1, 1), (report.Entities[0].Inserted, report.Entities[0].Rejected));
    }

    [Fact]
    public async Task A_record_without_an_id_counts_once_though_its_window_is_read_again()
    {
        await using var scene = (await Scene.OpenAsync(postgres)).With(pageSize: 2);
        foreach (var number in Enumerable.Range(1, 5))
            scene.Put("agent", Scene.Record(number, Scene.Early));
        scene.Put("agent", "{\"Name\": \"nameless\", \"Created Date\": \"2026-02-01T00:00:00.000Z\"}");
        var isDone = false;
        scene.Bubble.Traffic.OnRequest = request =>
        {
            if (!isDone && request is { Kind: RequestKind.List, Cursor: 4 })
            {
                isDone = true;
                scene.Bubble.Records.Delete("agent", Scene.Id(1));
            }

            return Task.CompletedTask;
        };

        var report = await scene.ResyncAsync("agent");

        var agent = report.Entities[0];
        Assert.Equal((1, 4L, 1L, 5L), (agent.Proof!.Rereads, agent.Inserted, agent.Rejected, agent.Extracted));
        Assert.Equal(5, agent.Proof.Read);
        Assert.Equal(["~|_id"], await scene.RowsAsync(Rejects));
    }

    // The record changes after its window was read: the catch-up pass, the only one that asks for Modified Date, sees it anew.
    private static void EditBeforeCatchUp(Scene scene, string fields)
    {
        var isDone = false;
        scene.Bubble.Traffic.OnRequest = request =>
        {
            if (!isDone && request.Kind == RequestKind.List && request.Constraints.Contains("Modified Date", StringComparison.Ordinal))
            {
                isDone = true;
                scene.Put("agent", Scene.Record(1, TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), fields));
            }

            return Task.CompletedTask;
        };
    }
}
