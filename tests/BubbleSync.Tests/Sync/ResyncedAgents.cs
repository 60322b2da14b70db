using BubbleSync.Tests.Resync;

namespace BubbleSync.Tests.Sync;

/// <summary>Two agents after a resync.</summary>
internal static class ResyncedAgents
{
    public const string Names = "select name from agent order by bubble_id";

    // Two agents, and a resync at noon. The clock is days off Bubble's own, which therefore does not count.
    public static async Task<SyncFixture> ResyncedAsync(PostgresFixture postgres)
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Clock = new SetClock("2026-06-01T12:00:00Z");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"a\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Name\": \"b\""));
        await fixture.ResyncAsync();
        // The catch-up's margin is not what is tested here.
        await fixture.ExecuteAsync("update bubblesync.run set upper_bound = started_at");
        return fixture;
    }
}
