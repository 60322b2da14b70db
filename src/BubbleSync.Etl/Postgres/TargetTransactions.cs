using System.Data;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Postgres;

/// <summary>
/// The transactions of a run. Usually separate transactions, run again after a collision with another writer; in a dry run a single one, used by one caller at
/// a time, and rolled back at the end.
/// </summary>
/// <param name="database">The target.</param>
/// <param name="dryRun">Whether everything is rolled back.</param>
/// <param name="permit">Asked before each transaction whether the run may still write; throws where it may not.</param>
internal sealed class TargetTransactions(TargetDatabase database, bool dryRun, Func<CancellationToken, Task> permit) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private TargetSession? _shared;

    /// <summary>Whether everything is rolled back at the end.</summary>
    public bool IsDryRun => dryRun;

    /// <summary>Does the work in a transaction.</summary>
    /// <param name="isolation">What it sees of others.</param>
    /// <param name="entity">The entity it is about, for messages, or null.</param>
    /// <param name="work">The work; done again where others were in the way.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SyncException">It failed and was rolled back.</exception>
    public async Task<T> RunInTransactionAsync<T>(
        IsolationLevel isolation, string? entity, Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await permit(cancellationToken);
        try
        {
            return dryRun ? await InSharedAsync(work, cancellationToken) : await InOwnAsync(isolation, work, cancellationToken);
        }
        catch (NpgsqlException failure)
        {
            throw PostgresFailure.Explain(failure, SyncStage.Load, entity);
        }
    }

    /// <summary>Rolls back the shared transaction; may be called again.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_shared is not null)
            await _shared.DisposeAsync();
        _shared = null;
    }

    private async Task<T> InOwnAsync<T>(IsolationLevel isolation, Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var session = await database.BeginAsync(isolation, cancellationToken);
                var result = await work(session.Connection);
                await session.CommitAsync(cancellationToken);
                return result;
            }
            catch (PostgresException collision) when (attempt < PostgresFailure.AttemptsAt(collision))
            {
                // Another writer changed the same rows at the same time; the next attempt sees that change.
                await Task.Delay(Pause * attempt, cancellationToken);
            }
        }
    }

    private async Task<T> InSharedAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            // Read committed: it must see what is staged after it began.
            _shared ??= await database.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
            return await InPartAsync(_shared.Connection, work, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    // Only what fails is rolled back. Deferred constraints are checked where a separate transaction would commit.
    private static async Task<T> InPartAsync<T>(NpgsqlConnection connection, Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("savepoint work", cancellationToken);
        try
        {
            var result = await work(connection);
            await connection.ExecuteAsync("set constraints all immediate; release savepoint work", cancellationToken);
            return result;
        }
        catch (Exception failure) when (failure is PostgresException or SyncException)
        {
            // Some failures end the session and roll back everything that it did.
            if (connection.State == ConnectionState.Open)
                await connection.ExecuteAsync("rollback to savepoint work; release savepoint work", cancellationToken);
            throw;
        }
    }
}
