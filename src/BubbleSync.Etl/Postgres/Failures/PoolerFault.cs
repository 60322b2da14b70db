using BubbleSync.Etl.Words;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Postgres.Failures;

/// <summary>Refusals of a pooler: its mode, or a lack of sessions.</summary>
internal static class PoolerFault
{
    /// <summary>The remedy if a pooler has too few sessions.</summary>
    public const string WayOutOfFull = "The pooler has too few sessions for this run. Make its pool larger (PgBouncer: default_pool_size, max_db_connections, "
        + "max_client_conn): at least 3, better as many as Postgres:MaxConnections. Where it has 3 or more, it also helps to set Postgres:MaxConnections "
        + "to its size.";

    private const string Setting = "Postgres:ConnectionString";

    /// <summary>Whether a pooler has no session free: it takes no further client, or a client waited too long for one of the server's.</summary>
    public static bool IsFull(PostgresException refused) => refused.SqlState == PostgresErrorCodes.ProtocolViolation
        && (refused.MessageText.Contains("query_wait_timeout", StringComparison.Ordinal)
            || refused.MessageText.Contains("no more connections allowed", StringComparison.Ordinal));

    /// <summary>Whether the server or a pooler had no session free.</summary>
    public static bool IsNoSessionFree(SyncException refused) => refused.Errors[0].Code is ErrorCode.TooManySessions or ErrorCode.PoolerFull;

    /// <summary>Returns the error for what a pooler refuses; null where it is none of these.</summary>
    /// <param name="host">Where the pooler is.</param>
    /// <param name="refused">What it said.</param>
    public static SyncException? Explain(string host, PostgresException refused) =>
        IsStatementMode(refused) ? StatementMode(host, refused) : IsFull(refused) ? Full(host, refused) : null;

    /// <summary>Returns the error if no session was available in time.</summary>
    /// <param name="host">Where the pooler is.</param>
    /// <param name="wait">How long it was waited for.</param>
    public static SyncException NoSession(string host, TimeSpan wait) => new(
        new SyncError(
            SyncStage.Load, null, null, null, ErrorCode.PoolerFull, Invariant($"{host} gave no session within {wait.TotalSeconds} s. {WayOutOfFull}")));

    /// <summary>
    /// Returns why a pooler refuses the connection, and what to do; null for another failure. Poolers have one code for all of it, so that their words decide:
    /// those of PgBouncer (src/client.c, src/server.c, src/objects.c) and of Supavisor.
    /// </summary>
    /// <param name="refused">What it said.</param>
    /// <param name="user">The user, as messages show it.</param>
    /// <param name="database">The database, as messages show it.</param>
    public static (string Why, string WhatToDo)? OfSignIn(PostgresException refused, string user, string database)
    {
        bool Says(string words) => refused.MessageText.Contains(words, StringComparison.OrdinalIgnoreCase);
        if (Says("Tenant or user not found"))
        {
            return ($"the pooler knows no project of this name, or no user '{user}'",
                "Check the host, and write the user as the hoster prints it (Supabase: postgres.PROJECT).");
        }

        return refused.SqlState is not PostgresErrorCodes.ProtocolViolation ? null
            : Says("no such database") ? ($"the pooler knows no database '{database}'", $"Correct the name in {Setting}, or add it to [databases] "
                + "of PgBouncer.")
            : Says("server login") || Says("server_login_retry") ? ("the pooler could not sign in at the server itself",
                "Check the server's address in [databases] of PgBouncer, and that the user's password in its auth_file is the server's; its log has the cause.")
            : Says("authentication failed") || Says("no such user") ? ($"the password is wrong, or the pooler knows no user '{user}'",
                $"Check both in {Setting}, PGPASSWORD and ~/.pgpass; in an address, / ? # @ : % are written as %2F %3F %23 %40 %3A %25. "
                + "PgBouncer lets in the users of its auth_file, or those that its auth_query finds.")
            : null;
    }

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
