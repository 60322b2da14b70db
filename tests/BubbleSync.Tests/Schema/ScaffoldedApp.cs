using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;

namespace BubbleSync.Tests.Schema;

/// <summary>An app that no file knows.</summary>
internal static class ScaffoldedApp
{
    // An app of its own: folders that are not there yet, a database without tables.
    public static async Task<SyncFixture> OpenAsync(PostgresFixture postgres, SimulatorOptions? options = null)
    {
        var fixture = await SyncFixture.OpenAsync(postgres, options, tables: false);
        var folder = fixture.Folder([]);
        fixture.Settings = fixture.Settings with
        {
            Run = fixture.Settings.Run with
            {
                Entities = Path.Combine(
                folder, "entities"),
                Patches = Path.Combine(folder, "patches"),
                Schema = Path.Combine(folder, "schema")
            },
        };
        return fixture;
    }
}
