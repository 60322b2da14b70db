using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>Ten agents of which some are deleted in Bubble.</summary>
internal static class PrunedAgents
{
    public const string Marked = "select bubble_id from agent where deleted_in_bubble_at is not null order by 1";
    public const string Numbers = "select count(*) from agent";

    public static Task<RunReport> PruneAsync(SyncFixture fixture, PruneMode mode, decimal limit = 20, params string[] entities) =>
        fixture.ResyncAsync(new ResyncOptions { Entities = entities.Length > 0 ? entities : ["agent"], Prune = mode, PruneLimitPercent = limit });

    public static void Delete(SyncFixture fixture, params int[] numbers)
    {
        foreach (var number in numbers)
            Assert.True(fixture.Bubble.Records.Delete("agent", SyncFixture.Id(number)), number.ToString(CultureInfo.InvariantCulture));
    }

    public static async Task<SyncFixture> TenAgentsAsync(PostgresFixture postgres, params string[] faults)
    {
        var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = faults });
        for (var number = 1; number <= 10; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Name\": \"{number}\""));
        await fixture.ResyncAsync("agent");
        return fixture;
    }
}
