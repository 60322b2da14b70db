using System.Globalization;
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
    // What the planner knows of the tables differs a little from run to run. To scan another table takes more.
    private const int FewPages = 280;

    // Most belong to seven merges and five patches. An incremental sync also compares the counts of eight tables.
    [Theory]
    [InlineData(false, 175)]
    [InlineData(true, 260)]
    public async Task A_changed_invoice_takes_few_statements(bool isIncremental, int most)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.ResyncAsync();
        await SyncAsync(fixture, isIncremental);
        await SyncAsync(fixture, isIncremental);
        Change(fixture);
        using var heard = new StatementListener();

        await SyncAsync(fixture, isIncremental);

        // Begin and commit are not among them.
        Assert.InRange(heard.Texts.Count, 1, most);
        // Each session gets its settings once, not with each transaction.
        Assert.InRange(heard.Texts.Count(t => t.Contains("set_config('lock_timeout'", StringComparison.Ordinal)), 1, fixture.Settings.Postgres.MaxConnections);
        Assert.Contains(heard.Texts, t => t.Contains("update \"invoice\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_changed_invoice_reads_as_few_pages_of_large_tables_as_of_small_ones()
    {
        var (few, _) = await ReadAsync(Few);
        var (many, scanned) = await ReadAsync(Many);

        Assert.InRange(many, 0, few + FewPages);
        // Lists have no index. Of registrations PostgreSQL expects some hundred, for which it scans 20,000 invoices rather than look them up.
        Assert.Subset(new HashSet<string> { "invoice", "seda_registration" }, scanned);
    }

    // Returns the pages read, of tables and indexes, and the tables that were scanned to their end.
    private async Task<(long Pages, HashSet<string> Scanned)> ReadAsync(int rows)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        // As on solid-state disks; else PostgreSQL scans tables of this size.
        await fixture.ExecuteAsync("do $$ begin execute format('alter database %I set random_page_cost = 1.1', current_database()); end $$");
        foreach (var map in Maps.All)
        {
            await fixture.ExecuteAsync(
                $"insert into \"{map.Table}\" (\"{map.Key}\", created_at, modified_date, updated_at, last_synced_at) "
                + $"select (1700000000000 + n) || 'x' || n, now(), now(), now(), now() from generate_series(1, {rows}) n");
        }

        // A link without an index is searched by a scan of its table.
        await fixture.ExecuteAsync(
            """
            create index on invoice_item (linked_invoice); create index on payment (linked_invoice); create index on submitted_payment (linked_invoice);
            create index on invoice (linked_seda_registration); create index on "user" (linked_agent_profile)
            """);
        // All patches see all rows once, and then what patches wrote.
        await SyncAsync(fixture, isIncremental: false);
        await SyncAsync(fixture, isIncremental: false);
        await fixture.ExecuteAsync("vacuum (freeze, analyze)");
        // Otherwise this session's own pages are counted up to a second later.
        await fixture.ExecuteAsync("select pg_stat_force_next_flush()");
        Change(fixture);
        var before = await CountsAsync(fixture);
        await SyncAsync(fixture, isIncremental: false);
        var after = await CountsAsync(fixture);
        return (
            after.Where(t => t.Key != "seda_registration").Sum(t => t.Value.Pages - before[t.Key].Pages),
            [.. after.Where(t => t.Value.Scanned - before[t.Key].Scanned >= rows).Select(t => t.Key)]);
    }

    // The sessions of the engine hand in their counts as they end.
    private static async Task<Dictionary<string, (long Pages, long Scanned)>> CountsAsync(SyncFixture fixture)
    {
        await fixture.UntilAsync("select count(*) = 1 from pg_stat_activity where datname = current_database() and backend_type = 'client backend'");
        var counts = await fixture.RowsAsync(
            """
            select relname::text, heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0), t.seq_tup_read
            from pg_statio_user_tables join pg_stat_user_tables t using (schemaname, relname) where schemaname = 'public'
            """);
        return counts.Select(c => c.Split('|')).ToDictionary(
            c => c[0], c => (long.Parse(c[1], CultureInfo.InvariantCulture), long.Parse(c[2], CultureInfo.InvariantCulture)));
    }

    // What the patches join: an invoice, an item that it does not list, and a registration without customer.
    private static void Change(SyncFixture fixture)
    {
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        fixture.Put("invoice", SyncFixture.Record(10, now, $"\"Amount\": 6, {Invoices.Link("Linked Agent", 1)}, {Invoices.Link("Linked Customer", 4)}, "
            + $"{Invoices.Links("Linked Invoice Item", 30)}, {Invoices.Link("Linked SEDA registration", 40)}"));
        fixture.Put("invoice_item", SyncFixture.Record(31, now, $"\"AMOUNT\": 6, {Invoices.Link("Linked Invoice", 10)}"));
        fixture.Put("seda_registration", SyncFixture.Record(40, now, Invoices.Links("Linked Invoice", 10)));
    }

    private static async Task SyncAsync(SyncFixture fixture, bool isIncremental)
    {
        var report = isIncremental
            ? await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions(), null, fixture.Limit)
            : (await fixture.Engine().SyncInvoicesAsync([SyncFixture.Id(10)], new InvoiceSyncOptions(), null, fixture.Limit)).Run;
        Assert.Equal(RunStatus.Succeeded, report.Status);
    }
}
