using BubbleSync.Etl.Postgres;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Preflight;

/// <summary>A limit on the sessions that the user may have.</summary>
/// <param name="Whose">What has it.</param>
/// <param name="Most">The limit; -1 where there is none.</param>
/// <param name="Used">The sessions that others use.</param>
/// <param name="Raise">Returns how to raise it to a number.</param>
internal sealed record SessionLimit(string Whose, int Most, int Used, Func<int, string> Raise)
{
    // The limits of role and database do not hold for superusers, nor do the reserved sessions. -1 is no limit.
    // The command's own sessions are not counted as those of others, including idle ones in its pool.
    private const string LimitsSql =
        """
        select r.rolname::text, d.datname::text,
          current_setting('max_connections')::int - case when r.rolsuper then 0
            else current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true)::int, 0) end,
          (select sum(numbackends)::int from pg_stat_database) - own.sessions,
          case when r.rolsuper then -1 else r.rolconnlimit end,
          (select count(*)::int from pg_stat_activity a where a.usesysid = r.oid) - own.sessions,
          case when r.rolsuper then -1 else d.datconnlimit end,
          (select numbackends from pg_stat_database s where s.datid = d.oid) - own.sessions
        from pg_roles r, pg_database d,
          lateral (select count(*)::int as sessions from pg_stat_activity a
                   where a.usesysid = r.oid and a.datid = d.oid and a.application_name = current_setting('application_name')) own
        where r.rolname = session_user and d.datname = current_database()
        """;

    /// <summary>How many sessions the command can have under it.</summary>
    public int Free => Math.Max(0, Most - Used);

    /// <summary>Reads the limit that leaves the fewest sessions; null behind a pooler, whose sessions are not the command's own.</summary>
    public static async Task<SessionLimit?> ReadNarrowestAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // A pooler invents the process number that it gives its clients.
        if (await connection.ScalarAsync<int>("select pg_backend_pid()", cancellationToken) != connection.ProcessID)
            return null;

        var limits = (await connection.RowsAsync(LimitsSql, Limits, cancellationToken))[0];
        return limits.Where(l => l.Most >= 0).MinBy(l => l.Free)!;
    }

    private static IReadOnlyList<SessionLimit> Limits(NpgsqlDataReader row)
    {
        var (role, name) = (row.GetString(0), row.GetString(1));
        return
        [
            new("the server", row.GetInt32(2), row.GetInt32(3), _ => "max_connections in postgresql.conf, or a larger plan of the hoster"),
            new($"role {role}", row.GetInt32(4), row.GetInt32(5), most => Invariant($"alter role {Identifier.Quote(role)} connection limit {most};")),
            new($"database {name}", row.GetInt32(6), row.GetInt32(7), most => Invariant($"alter database {Identifier.Quote(name)} connection limit {most};")),
        ];
    }
}
