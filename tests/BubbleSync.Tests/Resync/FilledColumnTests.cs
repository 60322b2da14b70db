using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Xunit;
using static BubbleSync.Tests.Resync.GainedThing;

namespace BubbleSync.Tests.Resync;

/// <summary>Which columns a backfill takes for gained, and in which rows it leaves one as it is.</summary>
public sealed class FilledColumnTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_line_that_reads_a_further_field_has_gained_it()
    {
        await using var fixture = await postgres.GainedAsync(gained: false);
        foreach (var number in Enumerable.Range(1, 4))
            fixture.Put("thing", SyncFixture.Record(number, SyncFixture.Early, $"\"Price (RM)\": {number}"));
        var map = Map(Name, Price).Replace("\"from\": \"price\"", "\"from\": [\"price\", \"Price (RM)\"]", StringComparison.Ordinal);
        fixture.WithMaps(("thing.json", _ => map));
        await fixture.ExecuteAsync($"update thing set price = null; update thing set updated_at = now() where bubble_id = '{SyncFixture.Id(2)}'");

        var incremental = await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["thing"] }, null, fixture.Limit);
        var report = await fixture.ResyncAsync(Backfill);

        // The line was there before, so that an edit may have emptied the column.
        Assert.Equal("price", Assert.Single(incremental.Entities[0].Unfilled!));
        Assert.Equal((3L, 1L), (report.Entities[0].Updated, report.Entities[0].Conflicts));
        Assert.Equal(["1", "~", "3", "4"], await fixture.RowsAsync("select price from thing order by bubble_id"));
    }

    [Fact]
    public async Task A_gained_column_is_filled_in_a_row_of_which_another_one_is_spared()
    {
        await using var fixture = await postgres.GainedAsync(gained: false);
        foreach (var number in Enumerable.Range(1, 4))
            fixture.Put("thing", SyncFixture.Record(number, SyncFixture.Early, $"\"name\": \"n{number}\", \"Price (RM)\": {number}, \"size\": {number}"));
        await fixture.ExecuteAsync("alter table thing add column size text; update thing set price = null, updated_at = now()");
        var map = Map(Name, Price, new ThingColumn("size", "text", "text"));
        fixture.WithMaps(("thing.json", _ => map.Replace("\"from\": \"price\"", "\"from\": [\"price\", \"Price (RM)\"]", StringComparison.Ordinal)));

        var report = await fixture.ResyncAsync(Backfill);

        Assert.Equal((4L, 0L, 0L), (report.Entities[0].Updated, report.Entities[0].Conflicts, report.Entities[0].Unchanged));
        Assert.Equal(["1|~", "2|~", "3|~", "4|~"], await fixture.RowsAsync("select size, price from thing order by bubble_id"));
    }

    [Fact]
    public async Task A_column_that_was_dropped_and_added_again_is_filled()
    {
        await using var fixture = await postgres.GainedAsync(gained: false);
        await fixture.ExecuteAsync("alter table thing drop column price; alter table thing add column price numeric");

        Assert.Equal(4L, (await fixture.ResyncAsync(Backfill)).Entities[0].Updated);
        Assert.Equal(4L, await fixture.ScalarAsync<long>("select count(price) from thing"));
    }

    [Fact]
    public async Task Where_nothing_is_noted_the_next_verified_run_takes_what_is_mapped_for_filled_and_later_columns_are_exact()
    {
        await using var fixture = await postgres.GainedAsync(gained: false);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        await fixture.ExecuteAsync("update bubblesync.run_target set filled = null; alter table thing add column size text; update thing set name = null");
        Assert.Empty((await fixture.ResyncAsync(Backfill with { Entities = [] })).Entities);
        await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["thing"] }, null, fixture.Limit);
        foreach (var number in Enumerable.Range(1, 4))
            fixture.Put("thing", SyncFixture.Record(number, SyncFixture.Early, $"\"name\": \"n{number}\", \"size\": \"s{number}\""));
        fixture.WithMaps(("thing.json", _ => Map(Name, Price, new ThingColumn("size", "text", "text"))));

        var incremental = await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["thing"] }, null, fixture.Limit);
        var plain = await fixture.ResyncAsync(Backfill with { Entities = [] });
        var filled = await fixture.RowsAsync("select name, size from thing order by bubble_id");
        var named = await fixture.ResyncAsync(Backfill);

        Assert.Equal("size", Assert.Single(incremental.Entities[0].Unfilled!));
        Assert.Equal((4L, 4L), (plain.Entities[0].Updated, named.Entities[0].Updated));
        Assert.Equal(["~|s1", "~|s2", "~|s3", "~|s4"], filled);
        Assert.Equal(["n1", "n2", "n3", "n4"], await fixture.RowsAsync("select name from thing order by bubble_id"));
        Assert.Empty((await fixture.ResyncAsync(Backfill)).Entities);
    }

    [Fact]
    public async Task Where_it_is_not_known_which_columns_are_filled_rows_that_were_edited_here_are_spared()
    {
        await using var fixture = await postgres.GainedAsync();
        await fixture.ExecuteAsync(
            $"update bubblesync.run_target set filled = null; update thing set name = null, updated_at = now() where bubble_id = '{SyncFixture.Id(2)}'");

        var report = await fixture.ResyncAsync(Backfill);

        Assert.Equal((RunStatus.Succeeded, 3L, 1L), (report.Status, report.Entities[0].Updated, report.Entities[0].Conflicts));
        Assert.Equal(["n1|1.10", "~|~", "n3|3.10", "n4|4.10"], await fixture.RowsAsync("select name, price from thing order by bubble_id"));
    }
}
