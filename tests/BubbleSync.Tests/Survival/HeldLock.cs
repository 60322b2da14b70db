using BubbleSync.Tests.Resync;
using Npgsql;

namespace BubbleSync.Tests.Survival;

/// <summary>Something in the database that a run must wait for, so that a test can step in at just that moment. Opens when disposed of.</summary>
internal sealed class HeldLock : IAsyncDisposable
{
    private readonly SyncFixture _scene;
    private readonly NpgsqlConnection _connection;

    private HeldLock(SyncFixture fixture, NpgsqlConnection connection) => (_scene, _connection) = (fixture, connection);

    /// <summary>Takes a lock by a statement.</summary>
    public static async Task<HeldLock> ShutAsync(SyncFixture fixture, string sql)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(fixture.Connection) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(fixture.Limit);
        await connection.BeginTransactionAsync(fixture.Limit);
        var heldLock = new HeldLock(fixture, connection);
        await heldLock.ExecuteAsync(sql);
        return heldLock;
    }

    /// <summary>Opens it and keeps what its statement wrote.</summary>
    public Task CommitAsync() => ExecuteAsync("commit");

    /// <summary>Waits until a run stands before it.</summary>
    public Task SomebodyWaitsAsync() => _scene.UntilAsync(
        $"select exists (select from pg_stat_activity where application_name like 'bubblesync %' and {_connection.ProcessID} = any(pg_blocking_pids(pid)))");

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync(_scene.Limit);
    }
}
