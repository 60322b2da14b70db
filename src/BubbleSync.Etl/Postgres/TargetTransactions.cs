using System.Data;
using Npgsql;

namespace BubbleSync.Etl.Postgres;

/// <summary>
/// The transactions of a run. Mostly each its own, run again where somebody else's write was in the way; in a dry run one over everything,
/// one user at a time, rolled back at the end.
/// </summary>
internal sealed class TargetTransactions(TargetDatabase database, bool dryRun) : IAsyncDisposable
{
    private const int Attempts = 5;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private NpgsqlConnection? _connection;
    private NpgsqlTransaction? _transaction;

    /// <summary>Does the work in a transaction.</summary>
    public async Task<T> InOneAsync<T>(IsolationLevel isolation, Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        if (dryRun)
            return await InSharedAsync(work, cancellationToken);

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.ConnectAsync(cancellationToken);
                await using var transaction = await connection.BeginTransactionAsync(isolation, cancellationToken);
                var result = await work(connection);
                await transaction.CommitAsync(cancellationToken);
                return result;
            }
            catch (PostgresException collision) when (attempt < Attempts && PostgresFailure.IsCollision(collision))
            {
                // Somebody wrote the same rows at the same time; what they wrote is there now.
            }
        }
    }

    /// <summary>Rolls back what is shared; may be called again.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_transaction is not null)
            await _transaction.DisposeAsync();
        if (_connection is not null)
            await _connection.DisposeAsync();
        (_transaction, _connection) = (null, null);
    }

    private async Task<T> InSharedAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            _connection ??= await database.ConnectAsync(cancellationToken);
            // Read committed: it must see what is staged after it began.
            _transaction ??= await _connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
            return await work(_connection);
        }
        finally
        {
            _turn.Release();
        }
    }
}
