using System.Data;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Settings;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Postgres;

/// <summary>The PostgreSQL database that is written. It gives out sessions, each with an open transaction: nothing of ours runs outside one.</summary>
internal sealed class TargetDatabase : IAsyncDisposable
{
    /// <summary>The fewest sessions that a run works with: one for its lock, one for a window, one for everything else.</summary>
    public const int LeastConnections = 3;

    /// <summary>The longest wait for a lock of others.</summary>
    public const int LockTimeoutSeconds = 60;

    private const int OldestVersion = 15;

    // Besides windows: the run lock, two merges, the journal.
    private const int ConnectionsBesideWindows = 4;

    // A pooled session may have ended meanwhile. The second attempt takes a new one.
    private const int MostAttempts = 3;

    private const string TcpKeepAlive = "TCP Keepalive";
    private const string MaximumPoolSize = "Maximum Pool Size";

    private readonly ConnectionTarget _target;
    private readonly NpgsqlDataSource _source;
    private readonly TransactionSettings _settings;
    private readonly SemaphoreSlim _free;

    private TargetDatabase(ConnectionTarget target, string schema, int connections, TransactionSettings settings)
    {
        (_target, _settings, Schema, MaxConnections) = (target, settings, schema, connections);
        _source = ConnectionKeywords.CreateSource(target.Keywords);
        _free = new SemaphoreSlim(connections, connections);
        Windows = new PrioritySlots(Math.Max(1, connections - ConnectionsBesideWindows));
    }

    /// <summary>The schema of the target tables.</summary>
    public string Schema { get; }

    /// <summary>Host, port and database, for messages.</summary>
    public string Host => _target.Name;

    /// <summary>The words of the connection string that are passed over, and why.</summary>
    public IReadOnlyList<string> Notes => _target.Notes;

    /// <summary>The most sessions at a time.</summary>
    public int MaxConnections { get; }

    /// <summary>
    /// Slots for the windows that are read and staged, over all entities: each keeps a session. There are fewer of them than sessions, so that some
    /// are always left for work that waits for no reading.
    /// </summary>
    public PrioritySlots Windows { get; }

    /// <summary>The server's version, such as <c>15.14</c>.</summary>
    public string Version { get; private set; } = "";

    /// <summary>Opens the database and checks that it can be used.</summary>
    /// <param name="settings">Where it is and how many sessions it may have.</param>
    /// <param name="applicationName">What the sessions are called.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SyncException">The connection string is broken, or the server cannot be used as it is.</exception>
    public static async Task<TargetDatabase> OpenAsync(PostgresSettings settings, string applicationName, CancellationToken cancellationToken)
    {
        var target = ConnectionKeywords.Parse(settings.ConnectionString, Environment.GetEnvironmentVariable);
        var keywords = target.Keywords;
        var connections = Connections(keywords, settings);
        keywords.ApplicationName = applicationName;
        // PGCLIENTENCODING and PGTZ would have their way otherwise, and COPY sends UTF8.
        (keywords.ClientEncoding, keywords.Timezone) = ("UTF8", "UTC");
        SetKeepAlives(target);
        keywords.CommandTimeout = 0;
        keywords.MaxPoolSize = connections;
        keywords.MinPoolSize = Math.Min(keywords.MinPoolSize, connections);
        // There is no state to reset, and behind a pooler the reset would reach the session of somebody else.
        keywords.NoResetOnClose = true;
        keywords.WriteBufferSize = 64 * 1024;
        keywords.MaxAutoPrepare = 0;
        keywords.IncludeErrorDetail = false;

        var database = new TargetDatabase(
            target, settings.Schema, connections, new TransactionSettings(applicationName, settings.StatementTimeoutSeconds, LockTimeoutSeconds));
        try
        {
            await database.CheckAsync(cancellationToken);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Begins a transaction in a session of its own, once one is free. The caller disposes of it, and waits for no other session until then.
    /// </summary>
    /// <param name="isolation">What it sees of others.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<TargetSession> BeginAsync(IsolationLevel isolation, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        try
        {
            var (connection, transaction) = await BeginOneAsync(isolation, cancellationToken);
            return new TargetSession(connection, transaction, () => _free.Release());
        }
        catch
        {
            _free.Release();
            throw;
        }
    }

    /// <summary>Does the work in a short transaction of its own and commits it.</summary>
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var session = await BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
        var result = await work(session.Connection);
        await session.CommitAsync(cancellationToken);
        return result;
    }

    /// <summary>Does the work in a short transaction of its own and commits it.</summary>
    public Task RunAsync(Func<NpgsqlConnection, Task> work, CancellationToken cancellationToken) => RunAsync(
        async connection =>
        {
            await work(connection);
            return true;
        },
        cancellationToken);

    /// <summary>Reads the server's clock.</summary>
    public Task<DateTimeOffset> ReadClockAsync(CancellationToken cancellationToken) =>
        RunAsync(async c => new DateTimeOffset(await c.ScalarAsync<DateTime>("select clock_timestamp()", cancellationToken)), cancellationToken);

    /// <summary>Reads the catalogue of the target's schema.</summary>
    public Task<Catalogue> ReadCatalogueAsync(CancellationToken cancellationToken) =>
        RunAsync(c => CatalogueReader.ReadAsync(c, Schema, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        _free.Dispose();
    }

    private async Task<(NpgsqlConnection Connection, NpgsqlTransaction Transaction)> BeginOneAsync(IsolationLevel isolation, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var connection = await ConnectAsync(cancellationToken);
            try
            {
                var transaction = await connection.BeginTransactionAsync(isolation, cancellationToken);
                await connection.ExecuteAsync(_settings.Sql(connection.PostgreSqlVersion), cancellationToken);
                return (connection, transaction);
            }
            catch (PostgresException refused) when (PoolerFault.IsStatementMode(refused))
            {
                await connection.DisposeAsync();
                throw PoolerFault.StatementMode(Host, refused);
            }
            catch (PostgresException refused) when (PoolerFault.IsFull(refused))
            {
                await connection.DisposeAsync();
                throw PoolerFault.Full(Host, refused);
            }
            catch (NpgsqlException) when (IsLost(connection) && attempt < MostAttempts)
            {
                // Nothing was done in it yet. Others of the pool may have ended too.
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

    private static bool IsLost(NpgsqlConnection connection) => connection.State != ConnectionState.Open;

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

    private Task CheckAsync(CancellationToken cancellationToken) => RunAsync(
        connection =>
        {
            Version = connection.PostgreSqlVersion.ToString(2);
            return connection.PostgreSqlVersion.Major >= OldestVersion
                ? Task.CompletedTask
                : throw new SyncException(new SyncError(
                    "load", null, null, null, "target-too-old",
                    Invariant($"{Host} is PostgreSQL {connection.PostgreSqlVersion.Major}; {OldestVersion} or newer is needed, which has MERGE.")));
        },
        cancellationToken);

    private static int Connections(NpgsqlConnectionStringBuilder keywords, PostgresSettings settings)
    {
        if (!keywords.ShouldSerialize(MaximumPoolSize) || keywords.MaxPoolSize >= settings.MaxConnections)
            return settings.MaxConnections;

        return keywords.MaxPoolSize >= LeastConnections
            ? keywords.MaxPoolSize
            : throw ConnectionFault.Of(
                Invariant($"{MaximumPoolSize} is {keywords.MaxPoolSize}, but a run needs {LeastConnections} sessions. Raise it, or remove it and set ")
                + "Postgres:MaxConnections");
    }

    private static void SetKeepAlives(ConnectionTarget target)
    {
        var keywords = target.Keywords;
        keywords.KeepAlive = 30;
        // The one above asks only while nothing runs; a server that vanishes during a statement is noticed by TCP. A unix socket has no such option.
        var isWanted = !target.HasSocket && (keywords.TcpKeepAlive || !keywords.ShouldSerialize(TcpKeepAlive));
        var (idle, interval) = (keywords.TcpKeepAliveTime, keywords.TcpKeepAliveInterval);
        keywords.TcpKeepAlive = isWanted;
        keywords.TcpKeepAliveTime = !isWanted ? 0 : idle > 0 ? idle : 30;
        keywords.TcpKeepAliveInterval = !isWanted ? 0 : interval > 0 ? interval : 10;
    }
}
