using System.Data;
using BubbleSync.Etl;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Survival;
using Npgsql;
using Xunit;
using static BubbleSync.Tests.Postgres.LimitedRole;

namespace BubbleSync.Tests.Postgres;

/// <summary>Sessions that others hold: a command waits, goes on or ends with an error.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class FullServerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_command_with_three_sessions_goes_on_once_one_of_its_own_or_of_others_ends(bool isOwn)
    {
        await using var fixture = await OpenAsync(postgres, 6, new SimulatorOptions { Invoices = 0 });
        await using var database = await TargetDatabase.OpenAsync(fixture.Settings.Postgres, "test of a full server", fixture.Limit);
        await using var first = await BeginAsync(fixture, database);
        await using var second = await BeginAsync(fixture, database);
        await using var third = await BeginAsync(fixture, database);
        var others = await FillAsync(fixture);

        var waiting = BeginAsync(fixture, database);
        while (database.MaxConnections > 3)
            await Task.Delay(10, fixture.Limit);
        Assert.False(waiting.IsCompleted);
        foreach (var ended in isOwn ? [first] : others.Cast<IAsyncDisposable>())
            await ended.DisposeAsync();

        await using var fourth = await waiting;
        foreach (var other in others)
            await other.DisposeAsync();
    }

    [Fact]
    public async Task With_fewer_than_three_sessions_a_full_server_is_an_error_at_once()
    {
        await using var fixture = await OpenAsync(postgres, 6, new SimulatorOptions { Invoices = 0 });
        await using var database = await TargetDatabase.OpenAsync(fixture.Settings.Postgres, "test of a full server", fixture.Limit);
        await using var first = await BeginAsync(fixture, database);
        await using var second = await BeginAsync(fixture, database);
        var others = await FillAsync(fixture);

        var refused = await Assert.ThrowsAsync<SyncException>(() => BeginAsync(fixture, database));
        foreach (var other in others)
            await other.DisposeAsync();

        Assert.Equal(ErrorCode.TooManySessions, refused.Errors[0].Code);
    }

    [Fact]
    public async Task A_run_goes_on_where_others_take_the_rest_of_the_sessions()
    {
        await using var fixture = (await OpenAsync(postgres, 8, new SimulatorOptions { Invoices = 20 })).With(windowSize: 12, pageSize: 5);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        await ClosedAsync(fixture);
        var (isReading, mayGoOn) = Pages.StallOne(fixture);
        var run = fixture.ResyncAsync();
        await isReading.WaitAsync(fixture.Limit);

        var others = await FillAsync(fixture);
        mayGoOn.SetResult();
        var report = await run;
        foreach (var other in others)
            await other.DisposeAsync();

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
    }

    // Takes every session that the role may still have.
    private static async Task<List<NpgsqlConnection>> FillAsync(SyncFixture fixture)
    {
        var address = new NpgsqlConnectionStringBuilder(fixture.Settings.Postgres.ConnectionString) { Pooling = false };
        var taken = new List<NpgsqlConnection>();
        while (true)
        {
            var connection = new NpgsqlConnection(address.ConnectionString);
            try
            {
                await connection.OpenAsync(fixture.Limit);
                taken.Add(connection);
            }
            catch (PostgresException full) when (full.SqlState == PostgresErrorCodes.TooManyConnections)
            {
                await connection.DisposeAsync();
                return taken;
            }
        }
    }

    private static Task<TargetSession> BeginAsync(SyncFixture fixture, TargetDatabase database) =>
        database.BeginAsync(IsolationLevel.ReadCommitted, fixture.Limit);
}
