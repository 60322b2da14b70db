using BubbleSync.Etl.Postgres;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Preflight.Examinations;

/// <summary>A doctor's comparison of the sessions that a run takes with those that it can get.</summary>
internal sealed class SessionExamination(TargetDatabase database, DoctorChecks checks)
{
    private const string Check = "sessions";

    // The limits of role and database do not hold for superusers, nor do the reserved sessions. -1 is no limit.
    private const string LimitsSql =
        """
        select r.rolname::text, d.datname::text,
          current_setting('max_connections')::int - case when r.rolsuper then 0
            else current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true)::int, 0) end,
          (select sum(numbackends)::int from pg_stat_database) - 1,
          case when r.rolsuper then -1 else r.rolconnlimit end,
          (select count(*)::int from pg_stat_activity a where a.usesysid = r.oid and a.pid <> pg_backend_pid()),
          case when r.rolsuper then -1 else d.datconnlimit end,
          (select numbackends from pg_stat_database s where s.datid = d.oid) - 1
        from pg_roles r, pg_database d where r.rolname = session_user and d.datname = current_database()
        """;

    /// <summary>Adds the check.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var limits = (await database.RunAsync(c => c.RowsAsync(LimitsSql, Limits, cancellationToken), cancellationToken))[0];
        var narrowest = limits.Where(l => l.Most >= 0).MinBy(l => l.Free)!;
        var wanted = database.MaxConnections;
        if (narrowest.Free >= wanted)
        {
            checks.Add(Check, true, Invariant($"a run takes {wanted} at most (Postgres:MaxConnections), and {narrowest.Free} are free"));
            return;
        }

        var fewer = narrowest.Free >= TargetDatabase.LeastConnections
            ? Invariant($"Set Postgres:MaxConnections to {narrowest.Free}")
            : Invariant($"A run needs {TargetDatabase.LeastConnections}: end sessions that are not needed (select * from pg_stat_activity)");
        checks.Add(
            Check, false,
            Invariant($"a run takes up to {wanted} (Postgres:MaxConnections), but {narrowest.Whose} allows {narrowest.Most}, ")
            + Invariant($"of which {narrowest.Used} are in use. {fewer}, or raise that limit: {narrowest.Raise(narrowest.Used + wanted)}"));
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

    /// <summary>A limit on sessions.</summary>
    /// <param name="Whose">What has it.</param>
    /// <param name="Most">The limit; -1 where there is none.</param>
    /// <param name="Used">Sessions that others use.</param>
    /// <param name="Raise">How to raise it to a number.</param>
    private sealed record SessionLimit(string Whose, int Most, int Used, Func<int, string> Raise)
    {
        public int Free => Math.Max(0, Most - Used);
    }
}
