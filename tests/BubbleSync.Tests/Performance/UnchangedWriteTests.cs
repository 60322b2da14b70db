using BubbleSync.Simulator;
using BubbleSync.Tests.Diagnostics;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Performance;

/// <summary>What a resync writes where nothing changed: no row of a target table, and of the write-ahead log only what the journal takes.</summary>
[Collection(nameof(Alone))]
public sealed class UnchangedWriteTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Few = 50;
    private const int Many = 600;
    private const int Runs = 3;
    private const int BytesPerMissingLink = 400;
    // Of the same records, one run in three differed by 8 KB: the server's own records.
    private const int Slack = 16 * 1024;
    // The catalogue's rows for staging tables that come and go, above all: once to try out what a run needs, once for the run.
    private const int MostOfAll = 800_000;

    private static readonly string Tables = string.Join(", ", Maps.All.Select(m => $"'{m.Table}'"));

    [Fact]
    public async Task The_log_does_not_grow_with_the_records_and_no_row_is_written()
    {
        var few = await WrittenAsync(Few);
        var many = await WrittenAsync(Many);

        // The journal keeps missing links by run, so that these do grow, to six bytes a record; the least that touching a row could write is 50.
        var most = few.LogBytes + ((many.MissingLinks - few.MissingLinks) * BytesPerMissingLink) + Slack;
        Assert.Equal((0L, 0L), (few.Rows, many.Rows));
        Assert.InRange(many.LogBytes, 0, most);
        Assert.InRange(few.LogBytes, 0, MostOfAll);
    }

    // The server is the tests' own, without full page writes, and no other test runs meanwhile; of several runs the least counts, for it has work of its own.
    private async Task<(long Rows, long LogBytes, long MissingLinks)> WrittenAsync(int invoices)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = invoices });
        var missing = (await fixture.ResyncAsync()).Entities.Sum(e => e.MissingLinks);
        // What autovacuum would else do in the middle: it writes to the log as well.
        await fixture.ExecuteAsync("vacuum (freeze, analyze)");
        await fixture.ExecuteAsync("checkpoint");

        var rows = await RowsAsync(fixture);
        var least = long.MaxValue;
        for (var run = 0; run < Runs; run++)
        {
            var before = await LogAsync(fixture);
            await fixture.ResyncAsync();
            least = Math.Min(least, await LogAsync(fixture) - before);
        }

        return (await RowsAsync(fixture) - rows, least, missing);
    }

    // PostgreSQL counts every row version, also one that was taken back or written again; the engine's sessions hand in their counts as they end.
    private static async Task<long> RowsAsync(SyncFixture fixture)
    {
        await fixture.UntilAsync("select count(*) = 1 from pg_stat_activity where datname = current_database() and backend_type = 'client backend'");
        return await fixture.ScalarAsync<long>(
            $"select sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint from pg_stat_user_tables where schemaname = 'public' and relname in ({Tables})");
    }

    private static Task<long> LogAsync(SyncFixture fixture) => fixture.ScalarAsync<long>("select (pg_current_wal_insert_lsn() - '0/0')::bigint");
}
