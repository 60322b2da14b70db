using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using BubbleSync.EmbeddedPostgres;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests;

/// <summary>
/// One PostgreSQL for all tests, a fresh database for each: <c>public sealed class SomeTests(PostgresFixture postgres) :
/// IClassFixture&lt;PostgresFixture&gt;</c>. Classes run side by side; the first to need the server starts it, the end of the process stops it.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private static readonly Lazy<Task<EmbeddedPostgresServer>> Shared = new(StartAsync);
    private static readonly Lock Making = new();
    private static Task<string>? _mirror;
    private static int _made;

    private readonly Task<EmbeddedPostgresServer> _server = Shared.Value;
    private readonly ConcurrentBag<string> _names = [];

    /// <summary>Waits for the server, so that no test pays for its start.</summary>
    public Task InitializeAsync() => _server;

    /// <summary>Drops the databases of this class.</summary>
    public async Task DisposeAsync()
    {
        var server = await _server;
        foreach (var name in _names)
            await DropAsync(server, name);
    }

    /// <summary>Gives a connection string to a fresh, empty database.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var server = await _server;
        var name = await CreateAsync(server, "template1");
        _names.Add(name);
        return Address(server, name);
    }

    /// <summary>Gives a connection string to a fresh database with all tables: a copy of one in which they were made once.</summary>
    /// <param name="makeTables">Makes the tables in the database of a connection string.</param>
    public async Task<string> CreateMirrorAsync(Func<string, Task> makeTables)
    {
        var server = await _server;
        lock (Making)
            _mirror ??= MakeMirrorAsync(server, makeTables);
        var name = await CreateAsync(server, await _mirror);
        _names.Add(name);
        return Address(server, name);
    }

    private static async Task<string> MakeMirrorAsync(EmbeddedPostgresServer server, Func<string, Task> makeTables)
    {
        var name = await CreateAsync(server, "template1");
        await makeTables(Address(server, name));
        return name;
    }

    private static async Task<string> CreateAsync(EmbeddedPostgresServer server, string template)
    {
        var name = $"test_{Environment.ProcessId}_{Interlocked.Increment(ref _made)}";
        await ExecuteAsync(server, $"create database {name} template {template}");
        return name;
    }

    private static string Address(EmbeddedPostgresServer server, string name) =>
        new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = name, MaxPoolSize = 20 }.ConnectionString;

    private static async Task<EmbeddedPostgresServer> StartAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        // A fixed folder: what a killed test run left behind is found and used by the next.
        var server = await EmbeddedPostgresServer.StartAsync(
            new()
            {
                Folder = Path.Combine(Repository.Root, ".bubblesync", "postgres-tests"),
                Settings = new Dictionary<string, string>
                {
                    ["fsync"] = "off",
                    ["full_page_writes"] = "off",
                    ["synchronous_commit"] = "off",
                    ["max_connections"] = "300",
                    // It would read tables while a test counts what is read.
                    ["autovacuum"] = "off",
                },
            },
            limit.Token);
        await DropLeftoversAsync(server);
        return server;
    }

    // Databases of test processes that were killed.
    private static async Task DropLeftoversAsync(EmbeddedPostgresServer server)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        var names = new List<string>();
        await using (var search = source.CreateCommand(@"select datname from pg_database where datname like 'test\_%'"))
        await using (var rows = await search.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
                names.Add(rows.GetString(0));
        }

        foreach (var name in names.Where(name => !IsAlive(int.Parse(name.Split('_')[1], CultureInfo.InvariantCulture))))
            await DropAsync(server, name);
    }

    private static bool IsAlive(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return process != Environment.ProcessId && !found.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static Task DropAsync(EmbeddedPostgresServer server, string name) =>
        ExecuteAsync(server, $"drop database if exists {name} with (force)");

    private static async Task ExecuteAsync(EmbeddedPostgresServer server, string sql)
    {
        var description = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false };
        await using var connection = new NpgsqlConnection(description.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
