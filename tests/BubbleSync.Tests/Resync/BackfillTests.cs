using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;
using static BubbleSync.Tests.Resync.GainedThing;

namespace BubbleSync.Tests.Resync;

/// <summary><c>resync --backfill</c>: columns that a map gained are filled where they are NULL, and nothing else is written.</summary>
public sealed class BackfillTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_gained_column_is_filled_where_it_is_NULL_whatever_the_dates_and_nothing_else_is_written()
    {
        await using var fixture = await postgres.GainedAsync();
        await fixture.ExecuteAsync(
            $"update thing set price = 99, updated_at = now() where bubble_id = '{SyncFixture.Id(2)}'; "
            + $"update thing set name = 'mine', updated_at = now() where bubble_id = '{SyncFixture.Id(3)}'");
        fixture.Put("thing", Thing(4, "renamed", "4.50", SyncFixture.Late));
        fixture.Put("thing", Thing(5, "new", "5"));
        var clocks = await ClocksAsync(fixture);

        var report = await fixture.ResyncAsync(Backfill);

        Assert.Equal((RunStatus.Succeeded, 0L, 3L, 0L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Updated, report.Entities[0].Conflicts));
        Assert.Equal(["n1|1.10", "n2|99", "mine|3.10", "n4|4.50"], await fixture.RowsAsync("select name, price from thing order by bubble_id"));
        Assert.Equal(clocks, await ClocksAsync(fixture));
        Assert.Contains(report.Warnings, w => w == "thing: records that have no row, which a backfill does not insert: 1.");
    }

    [Fact]
    public async Task It_leaves_the_watermark_so_that_the_next_incremental_sync_has_the_rest()
    {
        await using var fixture = await postgres.GainedAsync();
        // Changed after the resync, and well before the backfill.
        await fixture.ExecuteAsync("update bubblesync.run set upper_bound = upper_bound - interval '1 minute'");
        fixture.Put("thing", Thing(4, "renamed", "4.50", Text(TimeProvider.System.GetUtcNow().AddSeconds(-30))));
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync(Backfill)).Status);

        fixture.Settings = fixture.Settings with { Run = fixture.Settings.Run with { OverlapSeconds = 0 } };
        var report = await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["thing"] }, null, fixture.Limit);

        Assert.Equal((RunStatus.Succeeded, 1L), (report.Status, report.Entities[0].Updated));
        Assert.Equal("renamed|4.50", await fixture.RowAsync($"select name, price from thing where bubble_id = '{SyncFixture.Id(4)}'"));
    }

    [Fact]
    public async Task Filled_rows_count_as_touched_until_patches_have_seen_them()
    {
        await using var fixture = await postgres.GainedAsync();
        // The patch stage begins with this table.
        await fixture.ExecuteAsync("alter table bubblesync.patch_state rename to away");

        var report = await fixture.ResyncAsync(Backfill);

        Assert.Equal(RunStatus.Failed, report.Status);
        // They stand for all rows, because a resync notes no single ones.
        Assert.Equal(["|thing"], await fixture.RowsAsync("select entity, bubble_id from bubblesync.touched_row"));
    }

    [Fact]
    public async Task Where_no_map_gained_a_column_Bubble_is_not_asked()
    {
        await using var fixture = await postgres.GainedAsync();
        await fixture.ResyncAsync(Backfill);
        fixture.Bubble.Traffic.Reset();

        var report = await fixture.ResyncAsync(Backfill);

        Assert.Equal((RunStatus.Succeeded, 0, 0), (report.Status, report.Entities.Count, fixture.Bubble.Traffic.Requests));
        Assert.StartsWith("Nothing to fill:", Assert.Single(report.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_entities_concerned_are_read()
    {
        await using var fixture = await postgres.GainedAsync();
        fixture.Put("agent", SyncFixture.Record(9, SyncFixture.Early));
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        await fixture.ResyncAsync("agent");

        var report = await fixture.ResyncAsync(Backfill with { Entities = ["agent", "thing"] });

        Assert.Equal("thing", Assert.Single(report.Entities).Name);
    }

    [Fact]
    public async Task Every_sync_proposes_it_until_it_is_done()
    {
        await using var fixture = await postgres.GainedAsync();

        var incremental = await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["thing"] }, null, fixture.Limit);
        var resync = await fixture.ResyncAsync("thing");
        await fixture.ResyncAsync(Backfill);
        var after = await fixture.ResyncAsync("thing");

        Assert.All([incremental, resync], r =>
        {
            Assert.Equal("price", Assert.Single(r.Entities[0].Unfilled!));
            Assert.Equal(["thing"], Assert.Single(r.NextActions, a => a.Kind == NextActionKind.Backfill).Entities);
        });
        Assert.Null(after.Entities[0].Unfilled);
        Assert.DoesNotContain(after.NextActions, a => a.Kind == NextActionKind.Backfill);
    }

    [Fact]
    public async Task A_trigger_that_stamps_rows_makes_no_edit_of_a_fill_and_hides_none()
    {
        await using var fixture = await postgres.GainedAsync();
        await fixture.ExecuteAsync(
            $"update thing set name = 'mine', updated_at = now() where bubble_id = '{SyncFixture.Id(3)}'; "
            + "create function stamp() returns trigger language plpgsql as 'begin new.updated_at = clock_timestamp(); return new; end'; "
            + "create trigger stamp before update on thing for each row execute function stamp()");
        await fixture.ResyncAsync(Backfill);
        foreach (var number in Enumerable.Range(1, 4))
            fixture.Put("thing", Thing(number, "later", "7", Text(TimeProvider.System.GetUtcNow().AddMinutes(-1))));

        var report = await fixture.ResyncAsync("thing");

        Assert.Equal((3L, 1L), (report.Entities[0].Updated, report.Entities[0].Conflicts));
        Assert.Equal(["later", "later", "mine", "later"], await fixture.RowsAsync("select name from thing order by bubble_id"));
    }

    [Fact]
    public async Task A_link_whose_target_is_missing_waits_as_after_any_merge()
    {
        await using var fixture = await postgres.GainedAsync();
        await fixture.ExecuteAsync("create table other (id text primary key); alter table thing add column other text references other");
        foreach (var number in Enumerable.Range(1, 4))
            fixture.Put("thing", SyncFixture.Record(number, SyncFixture.Early, $"\"name\": \"n{number}\", \"other\": \"o{number}\""));
        fixture.WithMaps(("thing.json", _ => Map(Name, Price, new ThingColumn("other", "text", "text"))));
        await fixture.ExecuteAsync("insert into other values ('o1')");
        await fixture.ResyncAsync(Backfill);
        var held = await fixture.RowsAsync("select other from thing order by bubble_id");
        await fixture.ExecuteAsync("insert into other values ('o2')");

        await fixture.Engine().PatchAsync([], fixture.Limit);

        Assert.Equal(["o1", "~", "~", "~"], held);
        Assert.Equal(["o1", "o2", "~", "~"], await fixture.RowsAsync("select other from thing order by bubble_id"));
    }

    [Fact]
    public async Task A_record_that_the_table_refuses_is_rejected_and_the_column_counts_as_not_filled()
    {
        await using var fixture = await postgres.GainedAsync();
        await fixture.ExecuteAsync("alter table thing add constraint cheap check (price < 3)");

        var report = await fixture.ResyncAsync(Backfill);

        Assert.Equal((RunStatus.Partial, 2L, 2L), (report.Status, report.Entities[0].Updated, report.Entities[0].Rejected));
        Assert.All(report.Errors, e => Assert.Contains("cheap", e.Message, StringComparison.Ordinal));
        await fixture.ExecuteAsync("alter table thing drop constraint cheap");
        Assert.Equal((RunStatus.Succeeded, 2L), (await fixture.ResyncAsync(Backfill)) is var again ? (again.Status, again.Entities[0].Updated) : default);
    }

    [Fact]
    public async Task A_backfill_that_ended_early_is_resumed_as_one()
    {
        await using var fixture = (await postgres.GainedAsync()).With(windowSize: 2, pageSize: 1);

        var stopped = await fixture.ResyncAsync(Backfill with { MaxCalls = 6 });
        fixture.Put("thing", Thing(5, "new", "5"));
        var resumed = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Failed, RunStatus.Succeeded), (stopped.Status, resumed.Status));
        Assert.Equal((0L, 4L), (resumed.Entities[0].Inserted, resumed.Entities[0].Updated));
        Assert.Equal(4L, await fixture.ScalarAsync<long>("select count(price) from thing"));
    }

    [Fact]
    public async Task A_dry_run_says_what_it_would_fill()
    {
        await using var fixture = await postgres.GainedAsync();

        var dry = await fixture.ResyncAsync(Backfill with { DryRun = true });

        Assert.Equal(4L, dry.Entities[0].Updated);
        Assert.Equal(0L, await fixture.ScalarAsync<long>("select count(price) from thing"));
        Assert.Equal(4L, (await fixture.ResyncAsync(Backfill)).Entities[0].Updated);
    }

    [Fact]
    public async Task It_goes_with_neither_force_nor_prune()
    {
        await using var fixture = await postgres.GainedAsync();
        ResyncOptions[] wrong = [Backfill with { Force = true }, Backfill with { Prune = PruneMode.Soft }, Backfill with { Prune = PruneMode.Hard }];

        foreach (var options in wrong)
            Assert.Equal(ErrorCode.Usage, (await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync(options))).Errors[0].Code);
    }

    private static string Text(DateTimeOffset moment) => Sync.CountedAgents.Text(moment);

    private static Task<List<string>> ClocksAsync(SyncFixture fixture) =>
        fixture.RowsAsync("select bubble_id, modified_date, created_at, updated_at, last_synced_at from thing order by 1");
}
