using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Postgres.Failures;

/// <summary>Explains why no connection could be opened: what failed, at which server, why, and what to do.</summary>
internal static class ConnectionFailure
{
    private const string Setting = "Postgres:ConnectionString";

    /// <summary>Whether opening a connection throws this where it fails.</summary>
    public static bool IsOne(Exception failure) =>
        failure is NpgsqlException or SocketException or TimeoutException or IOException or UnauthorizedAccessException or CryptographicException
            or NotSupportedException;

    /// <summary>Returns the error.</summary>
    /// <param name="target">Where the connection was to go.</param>
    /// <param name="failure">What was thrown.</param>
    /// <param name="cancellationToken">Ends the search for the fault of a certificate.</param>
    public static async Task<SyncException> ExplainAsync(ConnectionTarget target, Exception failure, CancellationToken cancellationToken)
    {
        var failures = failure.InnerException is AggregateException several ? several.InnerExceptions.Distinct().ToList() : [failure];
        // With several hosts, each may have its own reason.
        var reasons = new List<string>();
        foreach (var one in failures)
            reasons.Add(await ReasonAsync(target, one, cancellationToken));
        var isRefused = failures.Exists(one => one is PostgresException);
        var what = isRefused ? "refused the connection" : "cannot be reached";
        var message = $"PostgreSQL at {target.Name} {what}: {string.Join(" ", reasons.Distinct())}";
        var isFull = failures.Exists(
            one => one is PostgresException refusal && (refusal.SqlState == PostgresErrorCodes.TooManyConnections || PoolerFault.IsFull(refusal)));
        var isNarrow = failures.Exists(one => one is PostgresException { SqlState: PostgresErrorCodes.TooManyConnections });
        var error = new SyncError(
            SyncStage.Load, null, null, null, isFull ? ErrorCode.TooManySessions : isRefused ? ErrorCode.TargetRefused : ErrorCode.TargetUnreachable, message)
        {
            Next = isNarrow ? new NextAction(NextActionKind.Doctor) : null,
        };
        return new SyncException(error, ConnectionFault.Kept(target.Keywords, failure));
    }

    private static async Task<string> ReasonAsync(ConnectionTarget target, Exception failure, CancellationToken cancellationToken) => failure switch
    {
        PostgresException refusal => Refusal(target, refusal),
        NpgsqlException when failure.Message.StartsWith("No password has been provided", StringComparison.Ordinal) =>
            $"the server asks for a password, and none is given for user '{User(target)}'. Put it into {Setting}, PGPASSWORD or ~/.pgpass.",
        NpgsqlException when failure.Message.StartsWith("SSL connection requested", StringComparison.Ordinal) =>
            $"{Setting} demands TLS (sslmode), and the server does not offer it. Switch TLS on at the server, or set sslmode=disable "
                + $"{(target.Keywords.ChannelBinding == ChannelBinding.Require ? "and channel_binding=disable " : "")}if the network is trusted.",
        NpgsqlException when failure.Message.Contains("ChannelBinding is set to Require", StringComparison.Ordinal) =>
            "channel_binding=require works only over TLS and where the server keeps the password as SCRAM-SHA-256, and one of the two is missing. "
                + $"Switch TLS on at the server, set sslmode=require in {Setting}, and set the user's password anew (password_encryption = scram-sha-256); "
                + "or set channel_binding=prefer if the network is trusted.",
        NpgsqlException { InnerException: IOException } when IsDirect(target, failure) =>
            "sslnegotiation=direct works only with PostgreSQL 17 or newer with TLS switched on, and this server ended the connection at the handshake. "
                + $"Take sslnegotiation out of {Setting}, PGSSLNEGOTIATION and the service file.",
        NpgsqlException when failure.Message.StartsWith("No suitable host", StringComparison.Ordinal) =>
            $"none of the hosts can be written. Name the primary in {Setting}.",
        NpgsqlException { InnerException: AuthenticationException tls } => await TlsReasonAsync(target, tls, cancellationToken),
        { InnerException: { } inner } => await ReasonAsync(target, inner, cancellationToken),
        SocketException socket => SocketReason(target, socket),
        TimeoutException => FormattableString.Invariant($"there is no answer after {target.Keywords.Timeout} seconds. ")
            + $"Check host and port in {Setting}, and that no firewall and no list of allowed addresses is in the way.",
        // Their texts have the path, and a path may be a misplaced password.
        IOException { InnerException: null } or UnauthorizedAccessException or CryptographicException when failure is not EndOfStreamException =>
            $"a file that {Setting} or a variable of libpq (PGPASSFILE, PGSSLROOTCERT and others) names cannot be read, or the connection broke at "
                + "its beginning. "
                + "Check the paths and the content of certificates, keys and password files.",
        _ => $"{ConnectionFault.Hide(target.Keywords, failure.Message.TrimEnd('.'))}. "
            + $"Check that a PostgreSQL server answers there, and host and port in {Setting}.",
    };

    private static string Refusal(ConnectionTarget target, PostgresException refusal)
    {
        var (user, database) = (User(target), Database(target));
        var said = $"{ConnectionFault.Hide(target.Keywords, refusal.MessageText)} ({refusal.SqlState})";
        return refusal.SqlState switch
        {
            PostgresErrorCodes.InvalidPassword =>
                $"the password is wrong, or there is no user '{user}' ({refusal.SqlState}). Check both in {Setting}, PGPASSWORD and ~/.pgpass; "
                + "in an address, / ? # @ : % are written as %2F %3F %23 %40 %3A %25.",
            PostgresErrorCodes.InvalidAuthorizationSpecification =>
                $"{said}. The server does not let user '{user}' in from here in this way. Check the user, "
                + "allow this address (pg_hba.conf, or the hoster's list), and set sslmode=require if it admits TLS only.",
            PostgresErrorCodes.InvalidCatalogName when IsWithoutDatabase(target) =>
                $"{Setting} names no database, so that the one with the user's name was taken, and there is no database '{database}' ({refusal.SqlState}). "
                + "Write the name: postgresql://user:password@host:5432/DATABASE, or dbname=DATABASE.",
            PostgresErrorCodes.InvalidCatalogName =>
                $"there is no database '{database}' ({refusal.SqlState}). Correct the name in {Setting}, or make it{Sql($"create database \"{database}\";")}",
            PostgresErrorCodes.InsufficientPrivilege =>
                $"user '{user}' may not connect to database '{database}' ({refusal.SqlState})"
                + (IsWithoutDatabase(target) ? $", which was taken because {Setting} names none. Write another one (dbname=…), or allow it" : ". Allow it")
                + Sql($"grant connect on database \"{database}\" to \"{user}\";"),
            PostgresErrorCodes.TooManyConnections =>
                $"{said}. No further session is free. End sessions that are not needed (select * from pg_stat_activity), use the hoster's pooler, "
                + $"or raise {NarrowLimit(refusal, user, database)}",
            _ when PoolerFault.OfSignIn(refusal, user, database) is { } pooler => $"{pooler.Why} ({said}). {pooler.WhatToDo}",
            PostgresErrorCodes.ProtocolViolation when PoolerFault.IsFull(refusal) => $"{said}. {PoolerFault.WayOutOfFull}",
            PostgresErrorCodes.ProtocolViolation when refusal.MessageText.Contains("startup parameter", StringComparison.Ordinal) =>
                $"{said}. This is the answer of a pooler. Take that word out of the place that it comes from "
                + $"({Setting}, PGOPTIONS or the service file), or connect to the server itself.",
            PostgresErrorCodes.QueryCanceled =>
                $"{said}. A statement_timeout of the role, of the database or in options ends the first statement of a session. Raise it: "
                + "alter role … set statement_timeout, alter database … set statement_timeout, or options and PGOPTIONS.",
            PostgresErrorCodes.UndefinedObject or PostgresErrorCodes.InvalidParameterValue =>
                $"{said}. It comes from options in {Setting}, from PGOPTIONS or from a setting of the role or database. Correct it there.",
            PostgresErrorCodes.CannotConnectNow => $"{said}. The server starts, stops or recovers. Try again in a minute.",
            _ => $"{said}. Check user, password and database in {Setting}.",
        };
    }

    private static string NarrowLimit(PostgresException refusal, string user, string database) => refusal.MessageText switch
    {
        var text when text.Contains("for role", StringComparison.Ordinal) => $"the limit of the role{Sql($"alter role \"{user}\" connection limit 10;")}",
        var text when text.Contains("for database", StringComparison.Ordinal) =>
            $"the limit of the database{Sql($"alter database \"{database}\" connection limit 10;")}",
        _ => "max_connections of the server.",
    };

    private static async Task<string> TlsReasonAsync(ConnectionTarget target, AuthenticationException failure, CancellationToken cancellationToken) =>
        await CertificateCheck.FindFaultAsync(target.Keywords, cancellationToken)
        ?? $"the TLS handshake failed: {(failure.InnerException ?? failure).Message.TrimEnd('.')}. "
            + $"Check sslmode, sslrootcert, sslcert and sslkey in {Setting}.";

    private static string SocketReason(ConnectionTarget target, SocketException failure)
    {
        if (target.HasSocket)
        {
            return FormattableString.Invariant($"no server listens at the unix socket .s.PGSQL.{target.Keywords.Port} in that folder ({failure.Message}). ")
                + $"Check that the server runs, its unix_socket_directories and port, and host in {Setting}.";
        }

        return failure.SocketErrorCode switch
        {
            SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData =>
                $"no address is known for this host name ({failure.Message}). Check the spelling of host in {Setting}, and the name service (DNS).",
            SocketError.ConnectionRefused =>
                $"nothing listens on this port ({failure.Message}). Check that the server runs, and host and port in {Setting}.",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable =>
                $"there is no way to this address ({failure.Message}). Check network and VPN; where the address is IPv6 only, use the hoster's pooler.",
            _ => $"{failure.Message}. Check that the server runs, and host and port in {Setting}.",
        };
    }

    private static bool IsDirect(ConnectionTarget target, Exception failure) =>
        target.Keywords.SslNegotiation == SslNegotiation.Direct && failure.Message.Contains("SSL handshake", StringComparison.Ordinal);

    // A name that is not shown is not printed in a statement either: as "***" it would be another one.
    private static string Sql(string statement) => statement.Contains(ConnectionFault.Hidden, StringComparison.Ordinal) ? "." : $": {statement}";

    // PostgreSQL then takes the database that is named like the user.
    private static bool IsWithoutDatabase(ConnectionTarget target) => string.IsNullOrEmpty(target.Keywords.Database);

    private static string Database(ConnectionTarget target) => IsWithoutDatabase(target) ? User(target) : ConnectionFault.Shown(target.Keywords.Database);

    private static string User(ConnectionTarget target) =>
        ConnectionFault.Shown(target.Keywords.Username is { Length: > 0 } user ? user : Environment.UserName);
}
