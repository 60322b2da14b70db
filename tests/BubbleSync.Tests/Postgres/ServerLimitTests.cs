using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.EmbeddedPostgres;
using BubbleSync.Tests.Resync;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Postgres;

/// <summary>What holds for a whole server, on one of its own that takes 12 sessions, 3 of them for superusers alone.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class ServerLimitTests : IAsyncLifetime, IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));
    private readonly ClusterFolder _cluster = new();
    private EmbeddedPostgresServer? _server;

    private string Superuser => new NpgsqlConnectionStringBuilder(_server!.ConnectionString) { Pooling = false }.ConnectionString;

    public async Task InitializeAsync()
    {
        var options = _cluster.Options;
        var settings = new Dictionary<string, string>(options.Settings)
        {
            ["max_connections"] = "12",
            ["superuser_reserved_connections"] = "3",
            // Its workers are sessions too.
            ["autovacuum"] = "off",
        };
        _server = await EmbeddedPostgresServer.StartAsync(options with { Settings = settings }, _limit.Token);
    }

    public async Task DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await _server!.DisposeAsync();
    }

    public void Dispose()
    {
        _cluster.Dispose();
        _limit.Dispose();
    }

    [Fact]
    public async Task The_limit_of_the_server_and_its_reserved_sessions_are_what_a_run_and_doctor_count()
    {
        await using var fixture = await OpenAsync();
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        var others = await TakeAsync(4);
        await ClosedAsync();

        var examined = await fixture.Engine().ExamineAsync(fixture.Limit);
        await ClosedAsync();
        var report = await fixture.ResyncAsync("agent");

        const string Message = "the server allows 9, of which others use 4, so that a run takes 5 instead of 10 (Postgres:MaxConnections, or Maximum Pool "
            + "Size where that is less) and is slower. "
            + "For more, raise that limit: max_connections in postgresql.conf, or a larger plan of the hoster";
        Assert.Equal(Message, Assert.Single(examined.Checks, c => c.Name == "sessions").Message);
        Assert.Contains($"sessions: {Message}", report.Warnings);
        Assert.Equal(RunStatus.Succeeded, report.Status);
        await EndAsync(others);
    }

    [Theory]
    [InlineData(8, "a run needs 3 at once and got 1: the server allows 9, of which others use 8.")]
    [InlineData(9, "remaining connection slots are reserved for ")]
    [InlineData(12, "too many clients already (53300). No further session is free.")]
    public async Task Too_few_sessions_of_the_server_stop_a_run_before_it_asks_Bubble(int taken, string words)
    {
        await using var fixture = await OpenAsync();
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        await ClosedAsync();
        var others = await TakeAsync(taken);

        var stopped = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync("agent"));

        Assert.Contains(words, stopped.Message, StringComparison.Ordinal);
        Assert.Equal((ErrorCode.TooManySessions, 0L), (stopped.Errors[0].Code, fixture.Bubble.Traffic.Requests));
        if (stopped.Message.Contains("names the narrowest", StringComparison.Ordinal))
        {
            Assert.Equal(NextActionKind.Doctor, stopped.Errors[0].Next?.Kind);
            Assert.All((await fixture.Engine().ExamineAsync(fixture.Limit)).Checks, c => Assert.Null(c.Next));
        }

        await EndAsync(others);
    }

    [Fact]
    public async Task A_server_that_only_reads_for_all_roles_stops_a_run_with_the_statement_that_ends_it()
    {
        await using var fixture = await OpenAsync();
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        foreach (var (set, reset) in new[]
        {
            ("alter role all set default_transaction_read_only = on", "from: global. Take it back: alter role all reset default_transaction_read_only;"),
            ("alter system set default_transaction_read_only = on; select pg_reload_conf()", "alter system reset default_transaction_read_only; select "
                + "pg_reload_conf();"),
        })
        {
            await ScalarAsync(set);
            NpgsqlConnection.ClearAllPools();
            while (await ScalarAsync("select current_setting('default_transaction_read_only')") == "off")
                await Task.Delay(10, _limit.Token);

            var stopped = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync("agent"));

            Assert.Contains(reset, stopped.Message, StringComparison.Ordinal);
            await ScalarAsync($"set default_transaction_read_only = off; {reset[reset.IndexOf("alter", StringComparison.Ordinal)..]}");
            while (await ScalarAsync("select current_setting('default_transaction_read_only')") == "on")
                await Task.Delay(10, _limit.Token);
        }

        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync("agent")).Status);
    }

    // The engine connects as a role without special rights, which owns a database of its own.
    private async Task<SyncFixture> OpenAsync()
    {
        var name = $"few_{Guid.NewGuid():N}";
        await ScalarAsync($"create role {name} login password 'p'");
        await ScalarAsync($"create database {name} owner {name}");
        var connection = new NpgsqlConnectionStringBuilder(_server!.ConnectionString) { Username = name, Password = "p", Database = name };
        connection.Remove("Maximum Pool Size");
        return await SyncFixture.OpenAsync(connection.ConnectionString, new SimulatorOptions { Invoices = 0 }, tables: false);
    }

    private async Task<List<NpgsqlConnection>> TakeAsync(int count)
    {
        var taken = new List<NpgsqlConnection>();
        for (var number = 0; number < count; number++)
        {
            var connection = new NpgsqlConnection(Superuser);
            await connection.OpenAsync(_limit.Token);
            taken.Add(connection);
        }

        return taken;
    }

    private static async Task EndAsync(List<NpgsqlConnection> connections)
    {
        foreach (var connection in connections)
            await connection.DisposeAsync();
    }

    // A session ends a moment after its connection is closed.
    private async Task ClosedAsync()
    {
        NpgsqlConnection.ClearAllPools();
        while (await ScalarAsync("select count(*)::text from pg_stat_activity where usename like 'few%'") != "0")
            await Task.Delay(10, _limit.Token);
    }

    private async Task<string?> ScalarAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Superuser);
        await connection.OpenAsync(_limit.Token);
        string? last = null;
        // Each statement for itself: some take no transaction.
        foreach (var statement in sql.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            await using var command = new NpgsqlCommand(statement, connection);
            last = (await command.ExecuteScalarAsync(_limit.Token))?.ToString();
        }

        return last;
    }
}
