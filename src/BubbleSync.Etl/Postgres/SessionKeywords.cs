using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Settings;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Postgres;

/// <summary>Sets the keywords that the sessions of a command need, whatever the connection string says.</summary>
internal static class SessionKeywords
{
    private const string TcpKeepAlive = "TCP Keepalive";
    private const string MaximumPoolSize = "Maximum Pool Size";

    /// <summary>Sets them and returns the most sessions at a time.</summary>
    /// <param name="target">Where the sessions go; its keywords are changed.</param>
    /// <param name="settings">How many there may be.</param>
    /// <param name="applicationName">What the sessions are called.</param>
    /// <exception cref="SyncException">The connection string allows fewer than a run needs.</exception>
    public static int Set(ConnectionTarget target, PostgresSettings settings, string applicationName)
    {
        var keywords = target.Keywords;
        var sessions = MostSessions(keywords, settings);
        keywords.ApplicationName = applicationName;
        // Otherwise PGCLIENTENCODING and PGTZ would apply, and COPY sends UTF8.
        (keywords.ClientEncoding, keywords.Timezone) = ("UTF8", "UTC");
        SetKeepAlives(target);
        keywords.CommandTimeout = 0;
        keywords.MaxPoolSize = sessions;
        keywords.MinPoolSize = Math.Min(keywords.MinPoolSize, sessions);
        // There is no state to reset, and behind a pooler the reset would affect the session of another client.
        keywords.NoResetOnClose = true;
        keywords.WriteBufferSize = 64 * 1024;
        keywords.MaxAutoPrepare = 0;
        keywords.IncludeErrorDetail = false;
        return sessions;
    }

    private static int MostSessions(NpgsqlConnectionStringBuilder keywords, PostgresSettings settings)
    {
        if (!keywords.ShouldSerialize(MaximumPoolSize) || keywords.MaxPoolSize >= settings.MaxConnections)
            return settings.MaxConnections;

        return keywords.MaxPoolSize >= TargetDatabase.LeastConnections
            ? keywords.MaxPoolSize
            : throw ConnectionFault.Of(
                Invariant($"{MaximumPoolSize} is {keywords.MaxPoolSize}, but a run needs {TargetDatabase.LeastConnections} sessions. ")
                + "Raise it, or remove it and set Postgres:MaxConnections");
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
