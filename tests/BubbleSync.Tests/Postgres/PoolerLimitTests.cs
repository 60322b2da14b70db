using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Preflight;
using BubbleSync.Tests.Survival;
using Npgsql;
using Xunit;
using static System.FormattableString;
using static BubbleSync.Tests.Postgres.PooledFixture;

namespace BubbleSync.Tests.Postgres;

/// <summary>Pools of few sessions, and poolers that end idle transactions.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class PoolerLimitTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PgBouncerTheory]
    [InlineData("session", 1)]
    [InlineData("transaction", 2)]
    public async Task A_pool_that_is_too_small_stops_a_run_before_it_asks_Bubble_in_the_words_of_doctor(string mode, int size)
    {
        await using var fixture = await OpenAsync(postgres);
        await using var bouncer = await PoolAsync(fixture, mode, size, ";Timeout=1");

        await fixture.AssertStopsAsync(
            "sessions", Invariant($"a run needs 3 at once and got {size}: "), "gave no session within 1 s", "(PgBouncer: default_pool_size", "at least 3");
    }

    [PgBouncerTheory]
    [InlineData("session")]
    [InlineData("transaction")]
    public async Task A_run_takes_as_many_sessions_as_the_pool_has(string mode)
    {
        await using var fixture = await OpenAsync(postgres);
        await using var bouncer = await PoolAsync(fixture, mode, 4);

        var report = await fixture.ResyncAsync();

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        Assert.Contains(report.Warnings, w => w.Contains("the pooler gives 4 at once, so that a run takes 4 instead of 10", StringComparison.Ordinal));
    }

    [PgBouncerTheory]
    [InlineData("session")]
    [InlineData("transaction")]
    public async Task A_pooler_that_ends_idle_transactions_stops_the_run_which_can_be_resumed(string mode)
    {
        await using var fixture = await OpenAsync(postgres);
        string later;
        await using (var bouncer = await PoolAsync(fixture, mode, more: "idle_transaction_timeout = 1"))
        {
            var (isReading, mayGoOn) = Pages.StallOne(fixture);
            var run = fixture.ResyncAsync();
            await isReading.WaitAsync(fixture.Limit);
            await fixture.UntilAsync(NoLock);
            mayGoOn.SetResult();
            var report = await run;

            Assert.Equal(RunStatus.Failed, report.Status);
            Assert.Contains(report.Errors, e => e.Code == ErrorCode.LockLost);
            later = Assert.Single(report.Errors, e => e.Code == ErrorCode.LockLost).Message;
        }

        Assert.Contains("idle_transaction_timeout", later, StringComparison.Ordinal);
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { ConnectionString = fixture.Connection } };
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync(new ResyncOptions { Resume = true })).Status);
    }

    [PgBouncerFact]
    public async Task A_pool_that_others_use_up_during_a_run_ends_it()
    {
        const int Size = 4;
        await using var fixture = await OpenAsync(postgres);
        await using var bouncer = await PoolAsync(fixture, "transaction", Size, more: "query_wait_timeout = 2");
        var (isReading, mayGoOn) = Pages.StallOne(fixture);
        var run = fixture.ResyncAsync();
        await isReading.WaitAsync(fixture.Limit);
        await using var others = NpgsqlDataSource.Create(bouncer.ConnectionString);
        // All but that of the run lock. The third gets that of the window, as soon as the window ends.
        await using var first = await TakeAsync(others, fixture.Limit);
        await using var second = await TakeAsync(others, fixture.Limit);
        var taking = TakeAsync(others, fixture.Limit);

        mayGoOn.SetResult();
        var report = await run;
        await using var third = await taking;

        Assert.Equal(RunStatus.Failed, report.Status);
        Assert.Contains(report.Errors, e => e.Code == ErrorCode.PoolerFull && e.Message.Contains("query_wait_timeout", StringComparison.Ordinal));
    }

    // The pooler refuses others too where they wait too long; they try again.
    private static async Task<NpgsqlConnection> TakeAsync(NpgsqlDataSource others, CancellationToken cancellationToken)
    {
        while (true)
        {
            var connection = await others.OpenConnectionAsync(cancellationToken);
            try
            {
                await using var begin = new NpgsqlCommand("begin; select 1", connection);
                await begin.ExecuteNonQueryAsync(cancellationToken);
                return connection;
            }
            catch (NpgsqlException)
            {
                await connection.DisposeAsync();
            }
        }
    }
}
