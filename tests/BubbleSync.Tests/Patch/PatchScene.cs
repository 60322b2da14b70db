using BubbleSync.Etl;
using BubbleSync.Tests.Resync;

namespace BubbleSync.Tests.Patch;

/// <summary>What tests of patches do with a scene.</summary>
internal static class PatchScene
{
    /// <summary>A database as a resync leaves it before its patches, with some invoices that nobody created.</summary>
    public static async Task<Scene> OpenUnpatchedAsync(PostgresFixture postgres)
    {
        var scene = await Scene.OpenAsync(postgres, new() { Invoices = 60 });
        var shipped = scene.Settings;
        await scene.WithPatches().ResyncAsync();
        scene.Settings = shipped;
        await scene.ExecuteAsync("update invoice set created_by = null where id % 3 = 0");
        return scene;
    }

    /// <summary>Runs one patch and gives what it did; more than one, or none, is a mistake of the test.</summary>
    public static async Task<PatchReport> PatchAsync(this Scene scene, string name) => (await scene.Engine().PatchAsync([name], scene.Limit)).Patches.Single();
}
