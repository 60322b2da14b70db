using System.Data;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Postgres;

/// <summary>The PostgreSQL database that is written. It opens sessions, each with a transaction: every statement runs inside one.</summary>
internal sealed class TargetDatabase : IAsyncDisposable
{
    /// <summary>The fewest sessions that a run works with: one for its lock, one for a window, one for everything else.</summary>
    public const int LeastConnections = 3;

    /// <summary>The longest wait for a lock of others.</summary>
    public const int LockTimeoutSeconds = 60;

    private const int OldestVersion = 15;

    // As long as PgBouncer lets a client wait by default (query_wait_timeout). A server without a pooler answers at once.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(120);

    // The driver's own, where the connection string sets none.
    private const int UsualConnectSeconds = 15;

    private readonly ConnectionTarget _target;
    private readonly SessionSlots _slots;
    private readonly SessionOpener _opener;

    private TargetDatabase(ConnectionTarget target, PostgresSettings postgres, int connections, TransactionSettings settings)
    {
        (_target, Place) = (target, target.Place(postgres));
        _slots = new SessionSlots(connections);
        _opener = new SessionOpener(target, settings, _slots);
        ConnectTimeout = TimeSpan.FromSeconds(target.Keywords.Timeout is > 0 and var seconds ? seconds : UsualConnectSeconds);
    }

    /// <summary>The schema of the target tables.</summary>
    public string Schema => Place.Schema;

    /// <summary>Server, database and schema, for reports.</summary>
    public TargetPlace Place { get; }

    /// <summary>Host, port and database, for messages.</summary>
    public string Host => _target.Name;

    /// <summary>The words of the connection string that are ignored, and why.</summary>
    public IReadOnlyList<string> Notes => _target.Notes;

    /// <summary>The most sessions at a time.</summary>
    public int MaxConnections => _slots.Most;

    /// <summary>The longest wait for a session that a command needs before it can begin.</summary>
    public TimeSpan ConnectTimeout { get; }

    /// <summary>Slots for the windows that are read and staged, over all entities.</summary>
    public PrioritySlots Windows => _slots.Windows;

    /// <summary>The server's version, such as <c>15.14</c>.</summary>
    public string Version { get; private set; } = "";

    /// <summary>Opens the database and checks that it can be used.</summary>
    /// <param name="settings">Where it is and how many sessions it may have.</param>
    /// <param name="applicationName">What the sessions are called.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SyncException">The connection string is broken, or the server cannot be used as it is.</exception>
    public static async Task<TargetDatabase> OpenAsync(PostgresSettings settings, string applicationName, CancellationToken cancellationToken)
    {
        var target = ConnectionTarget.Of(settings);
        var connections = SessionKeywords.Set(target, settings, applicationName);
        var rules = new TransactionSettings(applicationName, settings.StatementTimeoutSeconds, LockTimeoutSeconds);
        var database = new TargetDatabase(target, settings, connections, rules);
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
    /// Begins a transaction in a session of its own, once one is free. The caller disposes of it, and waits for no other session until then. Where others
    /// have the server's last sessions, those that the command has are enough from <see cref="LeastConnections"/> on, and one of them is waited for.
    /// </summary>
    /// <param name="isolation">What it sees of others.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<TargetSession> BeginAsync(IsolationLevel isolation, CancellationToken cancellationToken) =>
        BeginPatientlyAsync(isolation, cancellationToken);

    /// <summary>
    /// Begins a transaction in a session of its own, and waits no longer than this for the server, or for a pooler before it, to give the session.
    /// </summary>
    /// <exception cref="SyncException">It gave none.</exception>
    public async Task<TargetSession> BeginAsync(IsolationLevel isolation, TimeSpan longestWait, CancellationToken cancellationToken)
    {
        await _slots.TakeAsync(cancellationToken);
        return await _opener.OpenAsync(isolation, longestWait, cancellationToken);
    }

    /// <summary>Takes no more than so many sessions from now on.</summary>
    public Task LimitAsync(int sessions, CancellationToken cancellationToken) => _slots.LimitAsync(sessions, cancellationToken);

    /// <summary>Runs one statement, which is a transaction of its own; returns the number of rows it wrote.</summary>
    public async Task<long> ExecuteAsync(string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var session = await BeginPatientlyAsync(null, cancellationToken);
        var written = await session.Connection.ExecuteAsync(sql, cancellationToken, parameters);
        await session.CommitAsync(cancellationToken);
        return written;
    }

    /// <summary>Runs one query, which is a transaction of its own; returns its rows.</summary>
    public async Task<List<T>> RowsAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var session = await BeginPatientlyAsync(null, cancellationToken);
        var rows = await session.Connection.RowsAsync(sql, read, cancellationToken, parameters);
        await session.CommitAsync(cancellationToken);
        return rows;
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
    public async Task RunAsync(Func<NpgsqlConnection, Task> work, CancellationToken cancellationToken)
    {
        await using var session = await BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
        await work(session.Connection);
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>Reads the server's clock.</summary>
    public async Task<DateTimeOffset> ReadClockAsync(CancellationToken cancellationToken) =>
        (await RowsAsync("select clock_timestamp()", r => r.GetFieldValue<DateTimeOffset>(0), cancellationToken))[0];

    /// <summary>Reads the catalogue of the target's schema.</summary>
    public Task<Catalogue> ReadCatalogueAsync(CancellationToken cancellationToken) =>
        RunAsync(c => CatalogueReader.ReadAsync(c, Schema, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _opener.DisposeAsync();
        _slots.Dispose();
    }

    private Task<TargetSession> BeginPatientlyAsync(IsolationLevel? isolation, CancellationToken cancellationToken) =>
        _slots.OpenPatientlyAsync(() => _opener.OpenAsync(isolation, LongestWait, cancellationToken), cancellationToken);

    private Task CheckAsync(CancellationToken cancellationToken) => RunAsync(
        connection =>
        {
            Version = connection.PostgreSqlVersion.ToString(2);
            return connection.PostgreSqlVersion.Major >= OldestVersion
                ? Task.CompletedTask
                : throw new SyncException(new SyncError(
                    SyncStage.Load, null, null, null, ErrorCode.TargetTooOld,
                    Invariant($"{Host} is PostgreSQL {connection.PostgreSqlVersion.Major}; {OldestVersion} or newer is needed, which has MERGE.")));
        },
        cancellationToken);
}
