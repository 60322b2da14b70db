using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>The entity <c>thing</c> with records whose shoe size only the column of unmapped fields has, and a line that gives it a column.</summary>
internal static class KeptThing
{
    /// <summary>The line.</summary>
    public const string Line = """{ "column": "size", "type": "numeric", "from": "Shoe Size" }""";

    /// <summary>A Modified Date that the next incremental sync reads.</summary>
    public static string Now => Sync.CountedAgents.Text(TimeProvider.System.GetUtcNow().AddMinutes(-1));

    /// <summary>Fills what the entity's map gained.</summary>
    public static readonly ResyncOptions Backfill = new() { Entities = ["thing"], Backfill = true };

    /// <summary>Fills what the map gained, and asserts how many requests it takes; null for some.</summary>
    public static async Task<RunReport> BackfillAsync(SyncFixture fixture, int? requests, ResyncOptions? options = null)
    {
        fixture.Bubble.Traffic.Reset();
        var report = await fixture.ResyncAsync(options ?? Backfill);

        if (requests is { } expected)
            Assert.Equal(expected, fixture.Bubble.Traffic.Requests);
        else
            Assert.True(fixture.Bubble.Traffic.Requests > 2);
        return report;
    }

    /// <summary>Adds a line to the map.</summary>
    public static void Gain(SyncFixture fixture, string line, Func<string, string>? further = null) => fixture.WithMaps(
        ("thing.json", _ => (further ?? (m => m))(UnmappedThing.Map().Replace("\"fields\": [", $"\"fields\": [ {line},", StringComparison.Ordinal))));

    /// <summary>Adds the column of the line.</summary>
    public static Task AddColumnAsync(SyncFixture fixture) => fixture.ExecuteAsync("alter table thing add column size numeric");

    /// <summary>Makes a fixture with three things, loaded while no line read the size.</summary>
    public static async Task<SyncFixture> LoadedAsync(this PostgresFixture postgres)
    {
        var fixture = await UnmappedThing.OpenAsync(postgres);
        fixture.PutThing(1, "\"Shoe Size\": 12.50, \"Colour\": \"red\"");
        fixture.PutThing(2, "\"Shoe Size\": 9007199254740993");
        fixture.PutThing(3, "\"Colour\": \"blue\"");
        await fixture.ResyncAsync("thing");
        await AddColumnAsync(fixture);
        return fixture;
    }
}
