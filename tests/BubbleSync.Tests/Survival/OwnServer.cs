using System.Globalization;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Tests.EmbeddedPostgres;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>A PostgreSQL for tests that ill-treat it.</summary>
public sealed class OwnServer : IAsyncLifetime, IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(3));
    private readonly ClusterFolder _folder = new();
    private EmbeddedPostgresServer? _server;
    private int _made;

    public async Task InitializeAsync() => _server = await EmbeddedPostgresServer.StartAsync(Options, _limit.Token);

    // A standby replays only what was written with a higher level than the embedded server's own.
    private EmbeddedPostgresOptions Options =>
        _folder.Options with { Settings = new Dictionary<string, string>(_folder.Options.Settings) { ["wal_level"] = "replica" } };

    public async Task DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    public void Dispose()
    {
        _folder.Dispose();
        _limit.Dispose();
    }

    /// <summary>Gives a connection string to a fresh database.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"own_{Interlocked.Increment(ref _made)}";
        var description = new NpgsqlConnectionStringBuilder(_server!.ConnectionString) { Pooling = false };
        await using var connection = new NpgsqlConnection(description.ConnectionString);
        await connection.OpenAsync(_limit.Token);
        await using var command = new NpgsqlCommand($"create database {name}", connection);
        await command.ExecuteNonQueryAsync(_limit.Token);
        return new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary><c>pg_ctl restart -m immediate</c>: a crash, after which unlogged tables are empty.</summary>
    public Task CrashAsync() => _server!.RestartAsync(immediate: true, _limit.Token);

    /// <summary>Restarts the server as a hot standby, which waits for a primary that never comes.</summary>
    public async Task BecomeStandbyAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Place, "data", "standby.signal"), "", _limit.Token);
        await _server!.RestartAsync(immediate: false, _limit.Token);
    }

    /// <summary>Lets no file of the sessions to come grow beyond so many bytes, which is a full disk to PostgreSQL; null lifts that.</summary>
    public async Task LimitFilesAsync(int? bytes)
    {
        var limit = bytes?.ToString(CultureInfo.InvariantCulture) ?? "unlimited";
        // Only the server's own user may do that, root in a container not always.
        var account = await Account.FindAsync(_limit.Token);
        var answer = await account.RunAsync(
            ["prlimit", "--pid", _server!.ProcessId.ToString(CultureInfo.InvariantCulture), $"--fsize={limit}:"], TimeSpan.FromSeconds(10), _limit.Token);
        Assert.True(answer.Succeeded, answer.Output);
    }
}

/// <summary>A fact that needs limits for the processes of others.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PrlimitFactAttribute : FactAttribute
{
    public PrlimitFactAttribute() =>
        Skip = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "prlimit"))) ? null : "There is no prlimit here.";
}
