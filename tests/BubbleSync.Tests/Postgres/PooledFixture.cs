using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;

namespace BubbleSync.Tests.Postgres;

/// <summary>A target behind PgBouncer.</summary>
internal static class PooledFixture
{
    public const string NoLock =
        "select not exists (select from pg_locks l join pg_database d on d.oid = l.database where l.locktype = 'advisory' and d.datname = current_database())";

    public static async Task<SyncFixture> OpenAsync(PostgresFixture postgres, bool tables = true) =>
        (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 }, tables)).With(windowSize: 12, pageSize: 5);

    public static async Task<PgBouncer> PoolAsync(SyncFixture fixture, string mode, int size = 20, string words = "", string more = "")
    {
        var bouncer = await PgBouncer.StartAsync(fixture.Connection, mode, fixture.Limit, size, more);
        fixture.Settings = fixture.Settings with { Postgres = new PostgresSettings { ConnectionString = bouncer.ConnectionString + words } };
        return bouncer;
    }
}
