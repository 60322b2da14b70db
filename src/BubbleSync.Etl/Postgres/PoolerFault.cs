using Npgsql;

namespace BubbleSync.Etl.Postgres;

/// <summary>The mode of a pooler in which no run can work.</summary>
internal static class PoolerFault
{
    /// <summary>Whether a pooler refuses transactions of more than one statement, as PgBouncer with <c>pool_mode = statement</c> does.</summary>
    public static bool IsStatementMode(PostgresException refused) =>
        refused.SqlState == PostgresErrorCodes.ProtocolViolation && refused.MessageText.Contains("statement pooling mode", StringComparison.Ordinal);

    /// <summary>Returns the error.</summary>
    /// <param name="host">Where the pooler is.</param>
    /// <param name="refused">What it said.</param>
    public static SyncException StatementMode(string host, PostgresException refused) => new(
        new SyncError(
            "load", null, null, null, "pooler-mode",
            $"The pooler at {host} works in statement mode and takes no transaction of several statements ({refused.MessageText}). "
            + "Use its session or transaction mode (PgBouncer: pool_mode), or connect to the server itself."),
        refused);
}
