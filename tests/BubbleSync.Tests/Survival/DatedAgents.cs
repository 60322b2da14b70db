using System.Globalization;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;

namespace BubbleSync.Tests.Survival;

/// <summary>Agents of different days, and records that are created now.</summary>
internal static class DatedAgents
{
    public static void Put(SyncFixture fixture, string id)
    {
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        fixture.Put("agent", $$"""{"_id": "{{id}}", "Created Date": "{{now}}", "Modified Date": "{{now}}"}""");
    }

    public static async Task<SyncFixture> AgentsAsync(PostgresFixture postgres, int count)
    {
        var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0 });
        for (var number = 1; number <= count; number++)
            fixture.Put("agent", SyncFixture.Record(
                number, SyncFixture.Early, $"\"Name\": \"{number}\"", created: $"2026-02-{1 + (number % 25):00}T00:00:00.000Z"));
        await fixture.ResyncAsync("agent");
        return fixture;
    }
}
