using Npgsql;

namespace BubbleSync.Etl.Postgres;

/// <summary>A session with its open transaction, in which all our settings hold. What is not committed is rolled back.</summary>
/// <param name="connection">The session.</param>
/// <param name="transaction">The transaction; null for a single statement, which is one of its own.</param>
/// <param name="release">Gives the session back.</param>
internal sealed class TargetSession(NpgsqlConnection connection, NpgsqlTransaction? transaction, Action release) : IAsyncDisposable
{
    private bool _isReleased;

    /// <summary>Runs the statements of the transaction.</summary>
    public NpgsqlConnection Connection => connection;

    /// <summary>Commits. The session has no transaction afterwards and must be disposed of.</summary>
    public Task CommitAsync(CancellationToken cancellationToken) => transaction?.CommitAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>Releases the session; may be called again.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isReleased)
            return;

        _isReleased = true;
        try
        {
            if (transaction is not null)
                await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
        finally
        {
            release();
        }
    }
}
