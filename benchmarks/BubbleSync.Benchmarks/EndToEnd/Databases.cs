using BubbleSync.EmbeddedPostgres;
using Npgsql;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>A private PostgreSQL with PostgreSQL's own settings, and a database for each rival.</summary>
internal sealed class Databases : IAsyncDisposable
{
    private const string Blank = "blank";

    // What the embedded server sets for itself, set back.
    private static readonly Dictionary<string, string> Stock = new()
    {
        ["wal_level"] = "replica",
        ["max_wal_senders"] = "10",
        ["max_wal_size"] = "1GB",
        ["checkpoint_timeout"] = "5min",
        ["work_mem"] = "4MB",
        ["maintenance_work_mem"] = "64MB",
        ["jit"] = "on",
        ["max_parallel_workers_per_gather"] = "2",
    };

    private readonly EmbeddedPostgresServer _server;
    private readonly NpgsqlDataSource _all;

    private Databases(EmbeddedPostgresServer server)
    {
        _server = server;
        _all = NpgsqlDataSource.Create(server.ConnectionString);
    }

    public Version Version => _server.ServerVersion;

    /// <summary>Processor seconds of the server so far, with all its processes.</summary>
    public double? Cpu => ProcessTimes.OfFamily(_server.ProcessId);

    /// <summary>Starts it; <paramref name="apply"/> makes the tables in the database of that connection string.</summary>
    public static async Task<Databases> StartAsync(string folder, Func<string, Task> apply)
    {
        var options = new EmbeddedPostgresOptions { Folder = folder, Temporary = true, Settings = Stock, Database = "postgres" };
        var databases = new Databases(await EmbeddedPostgresServer.StartAsync(options, CancellationToken.None));
        await databases.ExecuteAsync($"create database {Blank}");
        await apply(databases.ConnectionString(Blank));
        return databases;
    }

    /// <summary>How to connect to one of them.</summary>
    public string ConnectionString(string name) => new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = name }.ConnectionString;

    /// <summary>A connection to one of them, which ends when it is closed.</summary>
    public async Task<NpgsqlConnection> OpenAsync(string name)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString(name)) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Makes a database anew, with empty tables.</summary>
    public async Task RenewAsync(string name)
    {
        await ExecuteAsync($"drop database if exists {name} with (force)");
        await LeftAsync(Blank);
        await ExecuteAsync($"create database {name} template {Blank}");
    }

    /// <summary>Waits until every connection to a database has ended, and with it its counts.</summary>
    public async Task LeftAsync(string name)
    {
        while ((long)await ScalarAsync($"select count(*) from pg_stat_activity where datname = '{name}' and backend_type in ('client backend', "
            + "'parallel worker')") > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(2));
    }

    /// <summary>Writes out what earlier work left, so that the next does not pay for it.</summary>
    public Task PrepareAsync() => ExecuteAsync("checkpoint");

    /// <summary>Does at once what autovacuum would else do to a database in the middle of what is measured next.</summary>
    public async Task TidyAsync(string name)
    {
        await using var connection = await OpenAsync(name);
        await using var command = new NpgsqlCommand("vacuum (analyze)", connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Bytes of log written so far.</summary>
    public async Task<long> LogAsync() => (long)await ScalarAsync("select (pg_current_wal_lsn() - '0/0')::bigint");

    public async ValueTask DisposeAsync()
    {
        await _all.DisposeAsync();
        await _server.DisposeAsync();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _all.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    private async Task<object> ScalarAsync(string sql)
    {
        await using var command = _all.CreateCommand(sql);
        return (await command.ExecuteScalarAsync())!;
    }
}
