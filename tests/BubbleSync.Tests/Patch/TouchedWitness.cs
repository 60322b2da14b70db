using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Sync;

namespace BubbleSync.Tests.Patch;

/// <summary>A patch that writes down which rows it finds in <c>bubblesync.touched</c>.</summary>
internal static class TouchedWitness
{
    public const string Sql =
        """
        -- Notes which rows count as touched.
        -- Why: a test reads them.
        insert into witness select current_setting('bubblesync.touched') = 'all', t."entity", t."bubble_id" from bubblesync.touched as t;
        """;

    /// <summary>The name of the patch.</summary>
    public const string Name = "010-witness";

    /// <summary>A family of records in Bubble, and the patch alone.</summary>
    public static async Task<SyncFixture> OpenAsync(PostgresFixture postgres) => await ReadyAsync(await SyncFixture.OpenAsync(postgres));

    /// <summary>The same in a fixture that is there already.</summary>
    public static async Task<SyncFixture> ReadyAsync(SyncFixture fixture)
    {
        fixture.WithPatches((Name, Sql));
        await fixture.ExecuteAsync("create table public.witness (is_all boolean, entity text, bubble_id text)");
        fixture.PutFamily();
        return fixture;
    }

    public static Task<RunReport> IncrementalAsync(SyncFixture fixture, params string[] entities) =>
        fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = entities }, null, fixture.Limit);

    /// <summary>The rows that the patch sees during a run.</summary>
    public static async Task<List<string>> SeenAsync(SyncFixture fixture, Func<Task> run)
    {
        await fixture.ExecuteAsync("delete from public.witness");
        await run();
        return await fixture.RowsAsync("select * from public.witness order by 2, 3");
    }

    /// <summary>The number of rows of all mapped tables.</summary>
    public static async Task<int> CountAsync(SyncFixture fixture) =>
        (int)await fixture.ScalarAsync<long>($"select {string.Join(" + ", Maps.All.Select(m => $"(select count(*) from \"{m.Table}\")"))}");

    /// <summary>Changes an agent in Bubble.</summary>
    public static void ChangeAgent(SyncFixture fixture, int number = 1, string name = "B") =>
        fixture.Put("agent", SyncFixture.Record(number, Now(), $"\"Name\": \"{name}\""));

    private static string Now() => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
