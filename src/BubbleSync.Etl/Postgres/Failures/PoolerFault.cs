using Npgsql;

namespace BubbleSync.Etl.Postgres.Failures;

/// <summary>What a pooler refuses a run for: its mode, or a lack of sessions.</summary>
internal static class PoolerFault
{
    /// <summary>Whether a pooler refuses transactions of more than one statement, as PgBouncer with <c>pool_mode = statement</c> does.</summary>
    public static bool IsStatementMode(PostgresException refused) =>
        refused.SqlState == PostgresErrorCodes.ProtocolViolation && refused.MessageText.Contains("statement pooling mode", StringComparison.Ordinal);

    /// <summary>What helps where a pooler has too few sessions.</summary>
    public const string WayOutOfFull = "The pooler has too few sessions for this run. Set Postgres:MaxConnections lower than its pool (PgBouncer: default_pool_size, "
        + "max_db_connections, max_client_conn; 3 suffice), or make the pool larger.";

    /// <summary>Whether a pooler has no session free: it takes no further client, or a client waited too long for one of the server's.</summary>
    public static bool IsFull(PostgresException refused) => refused.SqlState == PostgresErrorCodes.ProtocolViolation
        && (refused.MessageText.Contains("query_wait_timeout", StringComparison.Ordinal)
            || refused.MessageText.Contains("no more connections allowed", StringComparison.Ordinal));

    /// <summary>Returns the error where it has none.</summary>
    /// <param name="host">Where the pooler is.</param>
    /// <param name="refused">What it said.</param>
    public static SyncException Full(string host, PostgresException refused) => new(
        new SyncError("load", null, null, null, "pooler-full", $"{host}: {refused.MessageText} ({refused.SqlState}). {WayOutOfFull}"), refused);

    /// <summary>Returns the error for statement mode.</summary>
    /// <param name="host">Where the pooler is.</param>
    /// <param name="refused">What it said.</param>
    public static SyncException StatementMode(string host, PostgresException refused) => new(
        new SyncError(
            "load", null, null, null, "pooler-mode",
            $"The pooler at {host} works in statement mode and takes no transaction of several statements ({refused.MessageText}). "
            + "Use its session or transaction mode (PgBouncer: pool_mode), or connect to the server itself."),
        refused);
}
