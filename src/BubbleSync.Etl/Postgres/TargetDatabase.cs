using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Postgres;

/// <summary>The PostgreSQL database that is written: connections that carry the run's name and limits.</summary>
internal sealed class TargetDatabase : IAsyncDisposable
{
    private const int OldestVersion = 15;

    // A lock that a user holds for a minute, or a statement of half an hour, is trouble that must show.
    // JIT is off: compiling a merge of a hundred expressions takes longer than it saves.
    // The server may end idle sessions to save itself; ours are idle while Bubble's throttle makes them wait.
    private const string SessionOptions =
        "-c lock_timeout=60s -c statement_timeout=30min -c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0 "
        + "-c jit=off -c work_mem=32MB -c timezone=UTC -c quote_all_identifiers=off -c client_min_messages=warning";

    private const string TcpKeepAlive = "TCP Keepalive";
    private const int Connections = 40;
    private const int OpenReadings = 24;

    private readonly ConnectionTarget _target;
    private readonly NpgsqlDataSource _source;

    private TargetDatabase(ConnectionTarget target, string schema)
    {
        _target = target;
        _source = ConnectionKeywords.CreateSource(target.Keywords);
        Schema = schema;
    }

    /// <summary>The schema of the target tables.</summary>
    public string Schema { get; }

    /// <summary>Host, port and database, for messages.</summary>
    public string Host => _target.Name;

    /// <summary>The words of the connection string that are passed over, and why.</summary>
    public IReadOnlyList<string> Notes => _target.Notes;

    /// <summary>Places for readings of windows, over all entities: each keeps a connection while it is open.</summary>
    public SemaphoreSlim Readings { get; } = new(OpenReadings, OpenReadings);

    /// <summary>The server's version, such as <c>15.14</c>.</summary>
    public string Version { get; private set; } = "";

    /// <summary>Opens the database and checks that it can be used.</summary>
    /// <exception cref="SyncException">The connection string is broken, or the server cannot be used as it is.</exception>
    public static async Task<TargetDatabase> OpenAsync(PostgresSettings settings, string applicationName, CancellationToken cancellationToken)
    {
        var target = ConnectionKeywords.Parse(settings.ConnectionString, Environment.GetEnvironmentVariable);
        var keywords = target.Keywords;
        keywords.ApplicationName = applicationName;
        keywords.Options = $"{SessionOptions} {keywords.Options}".TrimEnd();
        // PGCLIENTENCODING and PGTZ would have their way otherwise, and COPY sends UTF8.
        (keywords.ClientEncoding, keywords.Timezone) = ("UTF8", "UTC");
        SetKeepAlives(target);
        keywords.CommandTimeout = 0;
        keywords.MaxPoolSize = Math.Max(keywords.MaxPoolSize, Connections);
        keywords.WriteBufferSize = 64 * 1024;
        keywords.MaxAutoPrepare = 0;
        keywords.IncludeErrorDetail = false;

        var database = new TargetDatabase(target, settings.Schema);
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

    /// <summary>A connection from the pool; the caller disposes of it.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
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

    /// <summary>Reads the server's clock.</summary>
    public async Task<DateTimeOffset> ReadClockAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        return new DateTimeOffset(await connection.ScalarAsync<DateTime>("select clock_timestamp()", cancellationToken));
    }

    /// <summary>Reads the catalogue of the target's schema.</summary>
    public async Task<Catalogue> ReadCatalogueAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        return await CatalogueReader.ReadAsync(connection, Schema, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Readings.Dispose();
        return _source.DisposeAsync();
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        Version = connection.PostgreSqlVersion.ToString(2);
        if (connection.PostgreSqlVersion.Major < OldestVersion)
            throw Refused("target-too-old", Invariant($"{Host} is PostgreSQL {connection.PostgreSqlVersion.Major}; {OldestVersion} or newer is needed, ")
                + "which has MERGE.");
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

    private static SyncException Refused(string code, string message) => new(new SyncError("load", null, null, null, code, message));
}
