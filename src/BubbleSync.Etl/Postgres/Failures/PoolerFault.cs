using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Postgres.Failures;

/// <summary>What a pooler refuses a run for: its mode, or a lack of sessions.</summary>
internal static class PoolerFault
{
    /// <summary>What helps where a pooler has too few sessions.</summary>
    public const string WayOutOfFull = "The pooler has too few sessions for this run. Make its pool larger (PgBouncer: default_pool_size, max_db_connections, "
        + "max_client_conn): at least 3, better as many as Postgres:MaxConnections. Where it has 3 or more, it also helps to set Postgres:MaxConnections "
        + "to its size.";

    /// <summary>Whether a pooler has no session free: it takes no further client, or a client waited too long for one of the server's.</summary>
    public static bool IsFull(PostgresException refused) => refused.SqlState == PostgresErrorCodes.ProtocolViolation
        && (refused.MessageText.Contains("query_wait_timeout", StringComparison.Ordinal)
            || refused.MessageText.Contains("no more connections allowed", StringComparison.Ordinal));

    /// <summary>Returns the error for what a pooler refuses; null where it is none of these.</summary>
    /// <param name="host">Where the pooler is.</param>
    /// <param name="refused">What it said.</param>
    public static SyncException? Explain(string host, PostgresException refused) =>
        IsStatementMode(refused) ? StatementMode(host, refused) : IsFull(refused) ? Full(host, refused) : null;

    /// <summary>Returns the error where none came in time.</summary>
    /// <param name="host">Where the pooler is.</param>
    /// <param name="wait">How long it was waited for.</param>
    public static SyncException NoSession(string host, TimeSpan wait) => new(
        new SyncError(SyncStage.Load, null, null, null, ErrorCode.PoolerFull, Invariant($"{host} gave no session within {wait.TotalSeconds} s. {WayOutOfFull}")));

    private static bool IsStatementMode(PostgresException refused) =>
        refused.SqlState == PostgresErrorCodes.ProtocolViolation && refused.MessageText.Contains("statement pooling mode", StringComparison.Ordinal);

    private static SyncException Full(string host, PostgresException refused) => new(
        new SyncError(SyncStage.Load, null, null, null, ErrorCode.PoolerFull, $"{host}: {refused.MessageText} ({refused.SqlState}). {WayOutOfFull}"), refused);

    private static SyncException StatementMode(string host, PostgresException refused) => new(
        new SyncError(
            SyncStage.Load, null, null, null, ErrorCode.PoolerMode,
            $"The pooler at {host} works in statement mode and takes no transaction of several statements ({refused.MessageText}). "
            + "Use its session or transaction mode (PgBouncer: pool_mode), or connect to the server itself."),
        refused);
}
