using System.Collections.Concurrent;
using System.Data;
using System.Diagnostics;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Postgres;

/// <summary>
/// The settings of each of our transactions. A pooler refuses or loses settings given when a session starts, and passes on to others what is set for longer
/// than a transaction.
/// </summary>
internal sealed class TransactionSettings
{
    private const int FirstWithTransactionTimeout = 17;

    private static readonly TimeSpan LongestUnasked = TimeSpan.FromSeconds(1);

    private readonly (string Name, string Value)[] _settings;
    private readonly ConcurrentDictionary<int, State> _sessions = [];

    /// <summary>Sets up the settings.</summary>
    /// <param name="applicationName">What others see in <c>pg_stat_activity</c>; a pooler may drop the one that a session starts with.</param>
    /// <param name="statementTimeoutSeconds">The longest statement; 0 is no limit.</param>
    /// <param name="lockTimeoutSeconds">The longest wait for a lock.</param>
    public TransactionSettings(string applicationName, int statementTimeoutSeconds, int lockTimeoutSeconds)
    {
        _settings =
        [
            ("application_name", applicationName),
            // Of single statements, which have no transaction around them; a role's default may be another one.
            ("default_transaction_isolation", "read committed"),
            // A lock that a user holds for a minute is a problem that must be reported.
            ("lock_timeout", Invariant($"{lockTimeoutSeconds}s")),
            ("statement_timeout", Invariant($"{statementTimeoutSeconds}s")),
            // A window is open while Bubble's throttle makes its reading wait; the run lock is open as long as the run.
            ("idle_in_transaction_session_timeout", "0"),
            // A machine that loses its power frees its locks after about 25 s instead of two hours. Unix sockets have no such options and ignore them.
            // No tcp_user_timeout: it would also end a session whose rows are read slowly (tcp(7)), such as a list in a pager.
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
            // Compiling a merge of a hundred expressions takes longer than it saves.
            ("jit", "off"),
            ("work_mem", "32MB"),
            ("timezone", "UTC"),
            ("quote_all_identifiers", "off"),
            ("client_min_messages", "warning"),
        ];
    }

    /// <summary>
    /// Begins a transaction in which they hold. A session of our own gets them once, for as long as it lives; behind a pooler, whose sessions go from client to
    /// client, each transaction gets them anew.
    /// </summary>
    /// <param name="connection">The session.</param>
    /// <param name="isolation">What the transaction sees of others; null for a single statement, which needs no transaction where the settings hold.</param>
    /// <returns>The transaction; null where none is needed.</returns>
    public async Task<NpgsqlTransaction?> BeginAsync(NpgsqlConnection connection, IsolationLevel? isolation)
    {
        // Not to be cancelled: a pooler keeps the request to cancel waiting as long as the client that is to be cancelled.
        var isOwn = await IsOwnAsync(connection);
        if (isOwn && isolation is null)
            return null;

        var transaction = await connection.BeginTransactionAsync(isolation ?? IsolationLevel.ReadCommitted, CancellationToken.None);
        if (!isOwn)
            await connection.ExecuteAsync($"select {Sql(connection.PostgreSqlVersion, isLocal: "true")}", CancellationToken.None);
        return transaction;
    }

    /// <summary>Notes that a session has answered just now.</summary>
    public void Used(int session)
    {
        if (_sessions.TryGetValue(session, out var state) && state.IsOwn)
            _sessions[session] = new State(true, Stopwatch.GetTimestamp());
    }

    /// <summary>Forgets a session that had this process number.</summary>
    public void Forget(int session) => _sessions.TryRemove(session, out _);

    // A pooler invents the process number that it gives its clients. A session that has been idle is asked again, because it may have ended meanwhile.
    private async Task<bool> IsOwnAsync(NpgsqlConnection connection)
    {
        var session = connection.ProcessID;
        if (_sessions.TryGetValue(session, out var state) && (!state.IsOwn || Stopwatch.GetElapsedTime(state.UsedAt) < LongestUnasked))
            return state.IsOwn;

        var isOwn = await connection.ScalarAsync<bool>(
            $"select not w.is_shared, {Sql(connection.PostgreSqlVersion, isLocal: "w.is_shared")} "
            + Invariant($"from (select pg_backend_pid() <> {session} as is_shared) w"),
            CancellationToken.None);
        _sessions[session] = new State(isOwn, Stopwatch.GetTimestamp());
        return isOwn;
    }

    private string Sql(Version server, string isLocal) => string.Join(
        ", ",
        _settings.Concat(server.Major < FirstWithTransactionTimeout ? [] : [("transaction_timeout", "0")])
            .Select(s => $"set_config('{s.Name}', {Identifier.Literal(s.Value)}, {isLocal})"));

    private readonly record struct State(bool IsOwn, long UsedAt);
}
