using BubbleSync.Etl.Merge.Patches;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Sync;
using Xunit;

namespace BubbleSync.Tests.Patch;

/// <summary>Rows beyond <see cref="TouchedRows.MostListed"/> are noted as all rows, by merges, patches and prunes alike.</summary>
public sealed class ManyTouchedTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Many = TouchedRows.MostListed + 1;
    private const string Notes = "select entity, count(*) from bubblesync.touched_row group by entity";

    [Theory]
    [InlineData(TouchedRows.MostListed, "agent")]
    [InlineData(Many, TouchedRows.All)]
    public async Task A_statement_lists_so_many_rows_and_else_notes_all(int rows, string entity)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var sql = TouchedRows.Note($"select n::text from generate_series(1, {rows}) n")
            .Replace("@schema", "'public'", StringComparison.Ordinal)
            .Replace("@run", "gen_random_uuid()", StringComparison.Ordinal)
            .Replace("@entity", "'agent'", StringComparison.Ordinal);

        await fixture.ExecuteAsync(sql);

        Assert.Equal([entity], await fixture.RowsAsync("select distinct entity from bubblesync.touched_row"));
        Assert.Equal(entity == TouchedRows.All ? 1L : rows, await fixture.ScalarAsync<long>("select count(*) from bubblesync.touched_row"));
    }

    [Fact]
    public async Task Many_marked_rows_are_noted_as_all_rows()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.ResyncAsync();
        await fixture.ExecuteAsync(
            $"""
            insert into agent (bubble_id, created_at, modified_date, updated_at, last_synced_at)
            select (1700000000000 + n) || 'x' || (100000000000000000 + n), '2026-01-01', '2026-01-01', '2026-01-01', '2026-01-01'
            from generate_series(1, {Many}) n
            """);
        await StopPatchesAsync(fixture);

        await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Prune = PruneMode.Soft, PruneLimitPercent = 100 }, null, fixture.Limit);

        Assert.Equal((long)Many, await fixture.ScalarAsync<long>("select count(*) from agent where deleted_in_bubble_at is not null"));
        Assert.Equal(["|1"], await fixture.RowsAsync(Notes));
    }

    [Fact]
    public async Task A_resync_notes_no_single_rows()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.ResyncAsync();
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"B\""));
        await StopPatchesAsync(fixture);

        Assert.Equal(RunStatus.Failed, (await fixture.ResyncAsync()).Status);

        Assert.Equal(["|1"], await fixture.RowsAsync(Notes));
    }

    // The patch stage begins with this table, so that notes of the merges stay.
    private static Task StopPatchesAsync(SyncFixture fixture) =>
        fixture.ExecuteAsync("delete from bubblesync.touched_row; alter table bubblesync.patch_state rename to away");
}
