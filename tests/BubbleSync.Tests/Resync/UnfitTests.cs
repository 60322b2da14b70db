using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>Records that convert but that the table cannot take: rejected, never fatal.</summary>
public sealed class UnfitTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Rejects = "select bubble_id, field, reason from bubblesync.rejected_record order by 1, 2";

    [Fact]
    public async Task A_new_record_without_a_column_that_must_not_be_empty_is_rejected_and_a_known_one_is_not()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\", \"Slug\": \"ann\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("alter table agent alter column slug set not null");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Anna\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Name\": \"Bob\""));
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Early, "\"Name\": \"Cid\", \"Slug\": \"cid\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 1L, 1L, 1L, 3L),
            (report.Status, report.Entities[0].Inserted, report.Entities[0].Updated, report.Entities[0].Rejected, report.Entities[0].Extracted));
        Assert.Equal(["Anna|ann", "Cid|cid"], await fixture.RowsAsync("select name, slug from agent order by bubble_id"));
        Assert.Equal([$"{SyncFixture.Id(2)}|Slug|absent, but a new row must not be without it"], await fixture.RowsAsync(Rejects));
        Assert.Contains(report.Errors, e => e is { Code: ErrorCode.Rejected, Field: "Slug" } && e.BubbleId == SyncFixture.Id(2));
    }

    [Fact]
    public async Task A_column_that_must_not_be_empty_takes_its_default_where_a_new_record_lacks_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent alter column slug set default 'none', alter column slug set not null");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, "none"), (report.Status, await fixture.ScalarAsync<string>("select slug from agent")));
    }

    [Fact]
    public async Task A_link_that_can_neither_be_stored_nor_held_back_rejects_its_record_until_the_target_is_there()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table payment alter column linked_invoice set not null, add constraint of_invoice foreign key (linked_invoice) "
            + "references invoice (bubble_id)");
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("payment", SyncFixture.Record(11, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(1)}\""));
        fixture.Put("payment", SyncFixture.Record(12, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(2)}\""));
        fixture.Put("payment", SyncFixture.Record(13, SyncFixture.Early));

        var first = await fixture.ResyncAsync("invoice", "payment");
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Early));
        var second = await fixture.ResyncAsync("invoice", "payment");

        Assert.Equal((RunStatus.Partial, 1L, 2L), (first.Status, first.Entities[1].Inserted, first.Entities[1].Rejected));
        Assert.Equal((RunStatus.Partial, 1L, 1L), (second.Status, second.Entities[1].Inserted, second.Entities[1].Rejected));
        Assert.Equal([SyncFixture.Id(11), SyncFixture.Id(12)], await fixture.RowsAsync("select bubble_id from payment order by 1"));
        Assert.Equal(2, await fixture.ScalarAsync<long>($"select count(*) from bubblesync.rejected_record where bubble_id = '{SyncFixture.Id(13)}'"));
    }

    [Theory]
    [InlineData("invoice")]
    [InlineData("user")]
    [InlineData("seda_registration")]
    [InlineData("submitted_payment")]
    public async Task What_is_kept_of_a_record_that_the_table_cannot_take_maps_to_the_same_row_again(string entity)
    {
        var map = Maps.Of(entity);
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 40 })).WithPatches();
        await fixture.ResyncAsync(entity);
        var column = await SparseAsync(fixture, map);
        var expected = await fixture.RowsAsync(Row(map, $"where \"{column}\" is null"));
        await fixture.ExecuteAsync($"truncate \"{map.Table}\"; alter table \"{map.Table}\" alter column \"{column}\" set not null");

        var report = await fixture.ResyncAsync(entity);
        var raw = await fixture.RowsAsync("select raw from bubblesync.rejected_record");

        Assert.NotEmpty(expected);
        Assert.Equal((expected.Count, expected.Count), (report.Entities[0].Rejected, raw.Count));
        await fixture.ExecuteAsync($"truncate \"{map.Table}\"; alter table \"{map.Table}\" alter column \"{column}\" drop not null");
        fixture.Bubble.Records.Clear(map.Type);
        raw.ForEach(record => fixture.Put(map.Type, record));
        await fixture.ResyncAsync(entity);

        Assert.Equal(expected, await fixture.RowsAsync(Row(map, "")));
    }

    [Fact]
    public async Task A_link_with_two_foreign_keys_waits_until_both_targets_are_there()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            """alter table invoice add constraint one foreign key (linked_agent) references agent (bubble_id), add constraint two foreign key """
                + """(linked_agent) references "user" (bubble_id)""");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(5, SyncFixture.Early, $"\"Linked Agent\": \"{SyncFixture.Id(1)}\""));
        var held = await fixture.ResyncAsync("agent", "user", "invoice");
        var before = await fixture.ScalarAsync<string>("select linked_agent from invoice");

        fixture.Put("user", SyncFixture.Record(1, SyncFixture.Early));
        var restored = await fixture.ResyncAsync("agent", "user", "invoice");

        Assert.Equal((RunStatus.Succeeded, RunStatus.Succeeded), (held.Status, restored.Status));
        Assert.Equal((null, SyncFixture.Id(1)), (before, await fixture.ScalarAsync<string>("select linked_agent from invoice")));
    }

    // The mapped column that most rows lack, though not all of them.
    private static async Task<string> SparseAsync(SyncFixture fixture, Map map)
    {
        var columns = map.Fields.Select(field => field.GetProperty("column").GetString()!);
        var counts = string.Join(
            " union all ", columns.Select(column => $"select '{column}' as name, count(\"{column}\") as filled, count(*) as all_rows from \"{map.Table}\""));
        return (await fixture.ScalarAsync<string>($"select name from ({counts}) c where filled between 1 and all_rows - 1 order by filled, name limit 1"))!;
    }

    private static string Row(Map map, string where) =>
        $"select (to_jsonb(t) - 'id' - 'last_synced_at')::text from \"{map.Table}\" t {where} order by \"{map.Key}\" collate \"C\"";
}
