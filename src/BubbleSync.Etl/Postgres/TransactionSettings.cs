using static System.FormattableString;

namespace BubbleSync.Etl.Postgres;

/// <summary>
/// The settings of each of our transactions, which end with it. A pooler refuses or loses settings given when a session starts, and passes on to others what is
/// set for longer than a transaction.
/// </summary>
internal sealed class TransactionSettings
{
    private const int FirstWithTransactionTimeout = 17;

    private readonly string _sql;

    /// <summary>Sets up the settings.</summary>
    /// <param name="applicationName">What others see in <c>pg_stat_activity</c>; a pooler may drop the one that a session starts with.</param>
    /// <param name="statementTimeoutSeconds">The longest statement; 0 is no limit.</param>
    /// <param name="lockTimeoutSeconds">The longest wait for a lock.</param>
    public TransactionSettings(string applicationName, int statementTimeoutSeconds, int lockTimeoutSeconds)
    {
        (string Name, string Value)[] settings =
        [
            ("application_name", applicationName),
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
        _sql = $"select {string.Join(", ", settings.Select(s => Set(s.Name, s.Value)))}";
    }

    /// <summary>The statement that sets all of them, on a server of this version.</summary>
    public string Sql(Version server) => server.Major < FirstWithTransactionTimeout ? _sql : $"{_sql}, {Set("transaction_timeout", "0")}";

    private static string Set(string name, string value) => $"set_config('{name}', {Identifier.Literal(value)}, true)";
}
