using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;

namespace BubbleSync.Tests.Patch;

/// <summary>What tests of patches do with a fixture.</summary>
internal static class PatchFixture
{
    /// <summary>A database as a resync leaves it before its patches, with some invoices that nobody created.</summary>
    public static async Task<SyncFixture> OpenUnpatchedAsync(PostgresFixture postgres)
    {
        var fixture = await SyncFixture.OpenAsync(postgres, new() { Invoices = 60 });
        var shipped = fixture.Settings;
        await fixture.WithPatches().ResyncAsync();
        fixture.Settings = shipped;
        await fixture.ExecuteAsync("update invoice set created_by = null where id % 3 = 0");
        return fixture;
    }

    /// <summary>Runs one patch and gives what it did; more than one, or none, is a mistake of the test.</summary>
    public static async Task<PatchReport> PatchAsync(this SyncFixture fixture, string name) =>
        (await fixture.Engine().PatchAsync([name], fixture.Limit)).Patches.Single();
}
