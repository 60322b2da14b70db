using System.Data;
using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Postgres.Failures;
using Npgsql;

namespace BubbleSync.Etl.Postgres;

/// <summary>Opens the sessions of a command, each in a slot that the caller has taken.</summary>
internal sealed class SessionOpener : IAsyncDisposable
{
    // A pooled session may have ended meanwhile. The second attempt takes a new one.
    private const int MostAttempts = 3;

    private readonly ConnectionTarget _target;
    private readonly TransactionSettings _settings;
    private readonly SessionSlots _slots;
    private readonly NpgsqlDataSource _source;

    /// <summary>Prepares it; nothing is opened yet.</summary>
    /// <param name="target">The server.</param>
    /// <param name="settings">What holds in each transaction.</param>
    /// <param name="slots">Where sessions are counted.</param>
    /// <exception cref="SyncException">The connection string is broken.</exception>
    public SessionOpener(ConnectionTarget target, TransactionSettings settings, SessionSlots slots)
    {
        (_target, _settings, _slots) = (target, settings, slots);
        _source = ConnectionKeywords.CreateSource(target.Keywords, c => settings.Forget(c.ProcessID));
    }

    /// <summary>
    /// Opens a session. The caller has taken a slot; where no session is opened in it, it is given back.
    /// </summary>
    /// <param name="isolation">What its transaction sees of others; null for a single statement, which needs no transaction around it.</param>
    /// <param name="longestWait">The longest wait for a pooler.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<TargetSession> OpenAsync(IsolationLevel? isolation, TimeSpan longestWait, CancellationToken cancellationToken)
    {
        var isAbandoned = false;
        try
        {
            var (connection, transaction) = await BeginAsync(isolation, longestWait, () => isAbandoned = true, cancellationToken);
            _slots.Opened();
            var session = connection.ProcessID;
            return new TargetSession(connection, transaction, () =>
            {
                _settings.Used(session);
                _slots.Closed();
            });
        }
        catch when (!isAbandoned)
        {
            _slots.GiveBack();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task<(NpgsqlConnection Connection, NpgsqlTransaction? Transaction)> BeginAsync(
        IsolationLevel? isolation, TimeSpan longestWait, Action abandon, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var connection = await ConnectAsync(cancellationToken);
            var beginning = _settings.BeginAsync(connection, isolation);
            try
            {
                return (connection, await beginning.WaitAsync(longestWait, cancellationToken));
            }
            catch (Exception failure) when (!beginning.IsCompleted)
            {
                abandon();
                var isLate = failure is TimeoutException;
                if (isLate)
                    _slots.Lose();
                _ = EndAsync(beginning, connection, isLate ? null : _slots);
                throw isLate ? PoolerFault.NoSession(_target.Name, longestWait) : failure;
            }
            catch (PostgresException refused) when (PoolerFault.Explain(_target.Name, refused) is { } explained)
            {
                await connection.DisposeAsync();
                throw explained;
            }
            catch (NpgsqlException) when (connection.State != ConnectionState.Open && attempt < MostAttempts)
            {
                // Nothing was done in it yet. Other sessions of the pool may have ended too.
                await connection.DisposeAsync();
                _source.Clear();
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }
    }

    // A session that nobody waits for any more is given back when it comes. One that came late is not asked for again: where it came from, there are too few.
    private static async Task EndAsync(Task<NpgsqlTransaction?> beginning, NpgsqlConnection connection, SessionSlots? slots)
    {
        try
        {
            await using (connection)
            await using (await beginning)
                slots?.GiveBack();
        }
#pragma warning disable CA1031 // Nobody waits for it, so nobody needs to know.
        catch (Exception)
#pragma warning restore CA1031
        {
            // The database may be closed by now.
        }
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _source.OpenConnectionAsync(cancellationToken);
        }
        catch (Exception failure) when (ConnectionFailure.IsOne(failure))
        {
            throw await ConnectionFailure.ExplainAsync(_target, failure, cancellationToken);
        }
    }
}
