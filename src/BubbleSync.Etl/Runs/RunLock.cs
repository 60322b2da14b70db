using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Runs;

/// <summary>One run at a time for each target table, by advisory locks of one session: when its process dies, PostgreSQL lets go of them.</summary>
internal sealed class RunLock : IAsyncDisposable
{
    /// <summary>The code of the error when the session that holds the locks was ended.</summary>
    public const string Lost = "lock-lost";

    private const string HolderSql =
        """
        select coalesce(a.application_name, ''), a.pid, a.backend_start
        from pg_locks l join pg_stat_activity a using (pid)
        where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
          and ((l.classid::bigint << 32) | l.objid::bigint) = @key and l.objsubid = 1
        """;

    private readonly NpgsqlConnection _connection;
    private readonly SemaphoreSlim _turn = new(1, 1);

    private readonly string _nextStep;

    private RunLock(NpgsqlConnection connection, string nextStep) => (_connection, _nextStep) = (connection, nextStep);

    /// <summary>Takes the locks of all entities, or stops and names who holds one.</summary>
    /// <param name="database">The target.</param>
    /// <param name="entities">The entities.</param>
    /// <param name="nextStep">What finishes the run where the locks are lost.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<RunLock> TakeAsync(TargetDatabase database, IEnumerable<EntityPlan> entities, string nextStep, CancellationToken cancellationToken)
    {
        var connection = await database.ConnectAsync(cancellationToken);
        try
        {
            foreach (var entity in entities.OrderBy(e => e.Table, StringComparer.Ordinal))
            {
                if (!await connection.ScalarAsync<bool>("select pg_try_advisory_lock(@key)", cancellationToken, ("key", Key(entity))))
                    throw await HeldAsync(connection, entity, cancellationToken);
            }

            return new RunLock(connection, nextStep);
        }
        catch
        {
            await ReleaseAsync(connection);
            throw;
        }
    }

    /// <summary>Makes sure that the locks are still held; the session that holds them may have been ended.</summary>
    /// <exception cref="SyncException">They are lost: another run may be at work.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await _connection.ScalarAsync<int>("select 1", cancellationToken);
        }
        catch (Exception lost) when (PostgresFailure.IsOfSession(lost))
        {
            throw new SyncException(
                new SyncError(
                    "load", null, null, null, Lost,
                    $"The session that holds this run's locks was ended ({lost.Message}), so that another run could begin; nothing more is merged. "
                    + $"To finish, {_nextStep}."),
                lost);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _turn.Dispose();
        await ReleaseAsync(_connection);
    }

    // A pooled connection keeps its session, and with it the locks: they must be given back by name.
    private static async Task ReleaseAsync(NpgsqlConnection connection)
    {
        try
        {
            await connection.ExecuteAsync("select pg_advisory_unlock_all()", CancellationToken.None);
        }
        catch (Exception gone) when (PostgresFailure.IsOfSession(gone))
        {
            // The session has ended, and its locks with it.
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }

    private static async Task<SyncException> HeldAsync(NpgsqlConnection connection, EntityPlan entity, CancellationToken cancellationToken)
    {
        var holders = await connection.RowsAsync(
            HolderSql,
            r => string.Create(CultureInfo.InvariantCulture, $"'{r.GetString(0)}' (backend {r.GetInt32(1)}{(r.IsDBNull(2) ? "" : $", connected since {r.GetDateTime(2):yyyy-MM-dd HH:mm:ss}Z")})"),
            cancellationToken, ("key", Key(entity)));
        var holder = holders.Count > 0 ? holders[0] : "another run, which has just ended";
        return new SyncException(new SyncError("load", entity.Name, null, null, "locked", $"{entity.Name}: {holder} is syncing this table. Wait for it to end, or stop it: one run at a time for each table."));
    }

    private static long Key(EntityPlan entity) =>
        BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes("bubblesync " + entity.Table))) & long.MaxValue;
}
