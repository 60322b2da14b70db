using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Tests.Postgres;

/// <summary>A target whose role may open few sessions.</summary>
internal static class LimitedRole
{
    // A fixture whose program is a role with so many sessions, which owns the database.
    public static async Task<SyncFixture> OpenAsync(PostgresFixture postgres, int sessions, SimulatorOptions options)
    {
        var fixture = await SyncFixture.OpenAsync(postgres, options, tables: false);
        var database = await fixture.ScalarAsync<string>("select current_database()::text");
        var role = $"few_{database}";
        await fixture.ExecuteAsync(
            Invariant($"create role {role} login password 'p' connection limit {sessions}; alter database {database} owner to {role}; ")
            + $"alter schema public owner to {role}");
        var connection = new NpgsqlConnectionStringBuilder(fixture.Connection) { Username = role, Password = "p" };
        connection.Remove("Maximum Pool Size");
        fixture.Settings = fixture.Settings with
        {
            Postgres = fixture.Settings.Postgres with { ConnectionString = connection.ConnectionString, MaxConnections = Math.Max(3, sessions) },
        };
        return fixture;
    }

    // A session ends a moment after its connection is closed.
    public static Task ClosedAsync(SyncFixture fixture) =>
        fixture.UntilAsync("select not exists (select from pg_stat_activity where datname = current_database() and usename like 'few%')");
}
