using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Sync;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>The first minutes with a new database: no tables, and a first look at a few records.</summary>
public sealed class FirstLookTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Agents = "select right(bubble_id, 1) from agent order by 1";

    [Fact]
    public async Task Without_any_table_one_line_offers_to_create_them_and_a_first_look_reads_the_newest_records()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        foreach (var number in Enumerable.Range(1, 5))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, created: $"2026-02-0{number}T00:00:00.000Z"));

        var examined = await fixture.Engine().ExamineAsync(fixture.Limit);
        var refused = await Bubblesync.RunAsync(fixture, "resync", "--entity", "agent", "--entity", "user");
        var made = await Bubblesync.RunAsync(fixture, "resync", "--create", "--limit", "3");

        Assert.Equal((3, 0), (refused.Code, made.Code));
        Assert.Equal(NextActionKind.CreateTables, Assert.Single(examined.Checks, c => c.Name.StartsWith("table", StringComparison.Ordinal)).Next!.Kind);
        Assert.Equal(
            "error: Schema 'public' has no table of any entity yet. A resync that creates the tables (create) makes all of them and fills them. "
                + "Next: bubblesync resync --create --entity agent --entity user",
            refused.Error.Trim());
        Assert.Equal(["3", "4", "5"], await fixture.RowsAsync(Agents));
        Assert.Contains("warning: Tables that were created: agent, customer, ", made.Output, StringComparison.Ordinal);
        Assert.Contains("only the newest 3", made.Output, StringComparison.Ordinal);
        Assert.Contains("next: bubblesync resync   # reads all records", made.Output, StringComparison.Ordinal);
        // It is no watermark, and prunes nothing.
        var incremental = await Assert.ThrowsAsync<SyncException>(() => fixture.IncrementalAsync("agent"));
        Assert.Equal(ErrorCode.NoWatermark, incremental.Errors[0].Code);
        await fixture.ExecuteAsync("insert into agent (bubble_id) values ('1600000000000x100000000000000009')");
        var again = await fixture.ResyncAsync(new ResyncOptions { Create = true, MostRecords = 2, Entities = ["agent"] });
        Assert.Equal((RunStatus.Succeeded, 2L, 2L, 0L, false), (
            again.Status, again.MostRecords!.Value, again.Entities[0].Extracted, again.Entities[0].NotInBubble, again.Entities[0].Proof!.IsComplete));
        Assert.Equal(2, (await fixture.ResyncAsync("agent")).Entities[0].Inserted);
    }

    [Fact]
    public async Task Missing_tables_are_one_line_and_only_a_new_schema_gets_tables()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("drop table payment; drop table invoice_item");

        var refused = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync(new ResyncOptions { Create = true }));

        var error = Assert.Single(refused.Errors);
        Assert.Equal((ErrorCode.TableMissing, NextActionKind.ApplySchema), (error.Code, error.Next!.Kind));
        Assert.Equal(
            "Schema 'public' lacks the tables of invoice_item, payment. Apply the schema, which creates the missing tables.", error.Message);
        Assert.False(await fixture.ScalarAsync<bool>("select to_regclass('payment') is not null"));
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    [Fact]
    public async Task A_first_look_goes_with_nothing_that_needs_all_records()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        ResyncOptions[] wrong =
        [
            new() { MostRecords = 0 }, new() { MostRecords = 50_001 }, new() { MostRecords = 1, Prune = PruneMode.Soft },
            new() { MostRecords = 1, Backfill = true }, new() { Create = true, DryRun = true },
        ];

        foreach (var options in wrong)
            Assert.True((await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync(options))).IsUsage);

        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }
}
