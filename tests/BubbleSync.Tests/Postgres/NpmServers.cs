using System.Collections.Concurrent;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Tests.EmbeddedPostgres;
using Npgsql;
using Xunit;
using static System.FormattableString;

namespace BubbleSync.Tests.Postgres;

/// <summary>A server of each major version that the tests of a class ask for, with the programs from npm.</summary>
public sealed class NpmServers : IAsyncLifetime
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    private readonly ConcurrentDictionary<int, Lazy<Task<EmbeddedPostgresServer>>> _servers = new();
    private readonly ConcurrentBag<ClusterFolder> _folders = [];
    private int _made;

    /// <summary>Does nothing: a server starts when it is asked for.</summary>
    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>Stops the servers and deletes what they wrote.</summary>
    public async Task DisposeAsync()
    {
        foreach (var server in _servers.Values)
            await (await server.Value).DisposeAsync();
        foreach (var folder in _folders)
            folder.Dispose();
    }

    /// <summary>Gives a connection string to a fresh, empty database.</summary>
    public async Task<string> CreateDatabaseAsync(int major)
    {
        var server = await _servers.GetOrAdd(major, _ => new(() => StartAsync(major))).Value;
        Assert.Equal(major, server.ServerVersion.Major);
        var name = Invariant($"npm_{Interlocked.Increment(ref _made)}");
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var create = source.CreateCommand($"create database {name}");
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = name }.ConnectionString;
    }

    private async Task<EmbeddedPostgresServer> StartAsync(int major)
    {
        using var limit = new CancellationTokenSource(Longest);
        var folder = new ClusterFolder();
        _folders.Add(folder);
        return await EmbeddedPostgresServer.StartAsync(folder.Options with { BinFolder = NpmPostgres.Of(major).BinFolder }, limit.Token);
    }
}
