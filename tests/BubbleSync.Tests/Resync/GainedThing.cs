using BubbleSync.Etl.Settings;

namespace BubbleSync.Tests.Resync;

/// <summary>Four things, loaded while the map had no price, which it has by now.</summary>
internal static class GainedThing
{
    /// <summary>The columns.</summary>
    public static readonly ThingColumn Name = new("name", "text", "text");

    /// <summary>The column that the map gained.</summary>
    public static readonly ThingColumn Price = new("price", "numeric", "numeric");

    /// <summary>Fills what the entity's map gained.</summary>
    public static readonly ResyncOptions Backfill = new() { Entities = ["thing"], Backfill = true };

    /// <summary>Makes a fixture that has only this table.</summary>
    /// <param name="postgres">The server.</param>
    /// <param name="gained">Whether the price is new; else it was mapped from the start.</param>
    public static async Task<SyncFixture> GainedAsync(this PostgresFixture postgres, bool gained = true)
    {
        var fixture = await ThingTable.OpenAsync(postgres, gained ? [Name] : [Name, Price]);
        if (gained)
            await fixture.ExecuteAsync("alter table thing add column price numeric");
        foreach (var number in Enumerable.Range(1, 4))
            fixture.Put("thing", Thing(number, $"n{number}", $"{number}.10"));
        await fixture.ResyncAsync("thing");
        fixture.WithMaps(("thing.json", _ => Map(Name, Price)));
        return fixture;
    }

    /// <summary>A map of these columns.</summary>
    public static string Map(params ThingColumn[] columns) => ThingTable.Map(columns);

    /// <summary>A record.</summary>
    public static string Thing(int number, string name, string price, string modified = SyncFixture.Early) =>
        SyncFixture.Record(number, modified, $"\"name\": \"{name}\", \"price\": {price}");
}
