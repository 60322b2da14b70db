using BubbleSync.Tests.Resync;
using Npgsql;

namespace BubbleSync.Tests.Survival;

/// <summary>Something in the database that a run must wait for, so that a test can step in at just that moment. Opens when disposed of.</summary>
internal sealed class Door : IAsyncDisposable
{
    private readonly Scene _scene;
    private readonly NpgsqlConnection _connection;

    private Door(Scene scene, NpgsqlConnection connection) => (_scene, _connection) = (scene, connection);

    /// <summary>Takes a lock by a statement.</summary>
    public static async Task<Door> ShutAsync(Scene scene, string sql)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(scene.Connection) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(scene.Limit);
        await connection.BeginTransactionAsync(scene.Limit);
        var door = new Door(scene, connection);
        await door.ExecuteAsync(sql);
        return door;
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
