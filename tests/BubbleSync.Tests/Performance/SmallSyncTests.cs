using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Diagnostics;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Sync;
using Xunit;

namespace BubbleSync.Tests.Performance;

/// <summary>A sync of one invoice costs what it touches: few statements, and no more pages of a large table than of a small one.</summary>
[Collection(nameof(Alone))]
public sealed class SmallSyncTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Few = 2_000;
    private const int Many = 20_000;
    private const int MostStatements = 200;
    private const int FewPages = 30;

    // The registrations that list an invoice are found by a scan of their table: such lists have no index.
    private static readonly string Tables = string.Join(", ", Maps.All.Where(m => m.Table != "seda_registration").Select(m => $"'{m.Table}'"));

    [Fact]
    public async Task One_invoice_takes_few_statements()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await SyncAsync(fixture);
        using var heard = new StatementListener();

        await SyncAsync(fixture);

        // Begin and commit are not among them.
        Assert.InRange(heard.Texts.Count, 1, MostStatements);
        Assert.DoesNotContain(heard.Texts, t => t.Contains("update \"invoice\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_invoice_reads_as_few_pages_of_large_tables_as_of_small_ones()
    {
        var few = await PagesAsync(Few);
        var many = await PagesAsync(Many);

        Assert.InRange(many, 0, few + FewPages);
    }

    private async Task<long> PagesAsync(int rows)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        foreach (var map in Maps.All)
        {
            await fixture.ExecuteAsync(
                $"insert into \"{map.Table}\" (\"{map.Key}\", created_at, modified_date, updated_at, last_synced_at) "
                + $"select (1700000000000 + n) || 'x' || n, now(), now(), now(), now() from generate_series(1, {rows}) n");
        }

        await SyncAsync(fixture);
        await fixture.ExecuteAsync("vacuum (freeze, analyze)");
        var before = await ReadAsync(fixture);
        await SyncAsync(fixture);
        return await ReadAsync(fixture) - before;
    }

    // The sessions of the engine hand in their counts as they end.
    private static async Task<long> ReadAsync(SyncFixture fixture)
    {
        await fixture.UntilAsync("select count(*) = 1 from pg_stat_activity where datname = current_database() and backend_type = 'client backend'");
        return await fixture.ScalarAsync<long>(
            $"select sum(heap_blks_read + heap_blks_hit)::bigint from pg_statio_user_tables where schemaname = 'public' and relname in ({Tables})");
    }

    private static async Task SyncAsync(SyncFixture fixture)
    {
        var report = await fixture.Engine().SyncInvoicesAsync([SyncFixture.Id(10)], new InvoiceSyncOptions(), null, fixture.Limit);
        Assert.Equal(RunStatus.Succeeded, report.Run.Status);
    }
}
