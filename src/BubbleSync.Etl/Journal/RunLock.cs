using System.Data;
using System.Security.Cryptography;
using System.Text;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Journal;

/// <summary>
/// One run at a time for each target table, and the sign that the run lives: advisory locks of one transaction, which is open as long as the run. It pins its
/// session behind a pooler in any mode, and holds back no vacuum, because it keeps no snapshot. When its process dies, PostgreSQL ends it.
/// </summary>
internal sealed class RunLock : IAsyncDisposable
{
    // The snapshot of a query stays until the next statement of the session, and would hold back every vacuum. A setting needs none.
    private const string KeepNoSnapshot = "set local idle_in_transaction_session_timeout = 0";

    private readonly TargetSession _session;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly string _nextStep;

    private RunLock(TargetSession session, string nextStep) => (_session, _nextStep) = (session, nextStep);

    /// <summary>Takes the locks of all entities and of the run; throws and names the holder if one is taken.</summary>
    /// <param name="database">The target.</param>
    /// <param name="runId">The run.</param>
    /// <param name="entities">The entities whose tables are written; none for a comparison.</param>
    /// <param name="nextStep">What finishes the run if the locks are lost.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<RunLock> TakeAsync(
        TargetDatabase database, Guid runId, IEnumerable<EntityPlan> entities, string nextStep, CancellationToken cancellationToken)
    {
#pragma warning disable CA2000 // The lock made of it disposes of it.
        var session = await database.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
#pragma warning restore CA2000
        try
        {
            var ordered = entities.OrderBy(e => e.Table, StringComparer.Ordinal).ToList();
            if (await session.Connection.ScalarAsync<int?>(
                RunLockSql.Take, cancellationToken, ("keys", ordered.Select(Key).ToArray()), ("run", $"{runId}")) is { } place)
            {
                throw place < ordered.Count
                    ? await HeldAsync(session.Connection, ordered[place], cancellationToken)
                    : Locked(null, $"Run {runId} is still under way in another process. Wait for it to end, or stop it.");
            }

            await session.Connection.ExecuteAsync(KeepNoSnapshot, cancellationToken);
            return new RunLock(session, nextStep);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Checks that the locks are still held; the session that holds them may have been ended.</summary>
    /// <exception cref="SyncException">They are lost: another run may have started.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await _session.Connection.ExecuteAsync(KeepNoSnapshot, cancellationToken);
        }
        catch (Exception lost) when (PostgresFailure.IsOfSession(lost))
        {
            throw new SyncException(
                new SyncError(
                    SyncStage.Load, null, null, null, ErrorCode.LockLost,
                    $"The session that holds this run's locks was ended ({lost.Message}). Without the locks nothing more is merged. "
                    + "Where a pooler ends idle transactions (PgBouncer: idle_transaction_timeout), let it wait longer than a run lasts. "
                    + $"To finish, {_nextStep}."),
                lost);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Releases the locks with the transaction.</summary>
    public async ValueTask DisposeAsync()
    {
        _turn.Dispose();
        await _session.DisposeAsync();
    }

    private static async Task<SyncException> HeldAsync(NpgsqlConnection connection, EntityPlan entity, CancellationToken cancellationToken)
    {
        var holders = await connection.RowsAsync(
            RunLockSql.Holder,
            r =>
                (Pid: r.GetInt32(0), Name: r.GetString(1), Since: r.IsDBNull(2) ? "" : Invariant($", connected since {r.GetDateTime(2):yyyy-MM-dd HH:mm:ss}Z")),
            cancellationToken, ("key", Key(entity)));
        if (holders.Count == 0)
            return Held(entity, "another run, which has just ended");

        var (pid, name, since) = holders[0];
        return Held(entity, await TryFindRunAsync(connection, pid, cancellationToken) ?? Invariant($"'{name}' (backend {pid}{since})"));
    }

    // Null where there are no control tables yet, they may not be read, or the run has not noted yet that it began.
    private static async Task<string?> TryFindRunAsync(NpgsqlConnection connection, int pid, CancellationToken cancellationToken)
    {
        try
        {
            var runs = await connection.RowsAsync(
                RunLockSql.HoldingRun,
                r => Invariant($"run {r.GetString(0)} ({r.GetString(1)}, since {UtcText.Of(r.GetFieldValue<DateTimeOffset>(2))}, backend {pid})"),
                cancellationToken, ("pid", pid));
            return runs.FirstOrDefault();
        }
        catch (PostgresException)
        {
            return null;
        }
    }

    private static SyncException Held(EntityPlan entity, string holder) => Locked(
        entity.Name, $"{entity.Name}: {holder} is syncing this table. Wait for it to end, or stop it: one run at a time for each table.");

    private static SyncException Locked(string? entity, string message) => new(new SyncError(SyncStage.Load, entity, null, null, ErrorCode.Locked, message));

    private static long Key(EntityPlan entity) =>
        BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes("bubblesync " + entity.Table))) & long.MaxValue;
}
