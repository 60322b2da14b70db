using Npgsql;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>A rival over one connection, on which everything is one transaction.</summary>
internal abstract class PlainLoader(NpgsqlConnection connection) : ILoader
{
    protected NpgsqlConnection Connection => connection;

    /// <summary>Opens a connection that ends when it is closed.</summary>
    protected static async Task<NpgsqlConnection> ConnectAsync(string connectionString)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = 0 }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public async Task LoadAsync(Items items)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await LoadAsync(items.Rows);
        await transaction.CommitAsync();
    }

    protected abstract Task LoadAsync(IReadOnlyList<ItemRow> rows);

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
