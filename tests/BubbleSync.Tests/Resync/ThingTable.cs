using System.Globalization;

namespace BubbleSync.Tests.Resync;

/// <summary>A table of any columns beside the shipped ones: the entity <c>thing</c>, whose fields are named like their columns.</summary>
internal static class ThingTable
{
    private const string ZonedClock = "timestamptz";

    /// <summary>Makes a fixture that has only this table.</summary>
    /// <param name="postgres">The server.</param>
    /// <param name="columns">The columns: name, type in the map, type in the table.</param>
    /// <param name="setup">SQL to run first.</param>
    /// <param name="clocks">The type of the clocks.</param>
    /// <param name="key">The type of the key.</param>
    /// <param name="clears">Whether absent fields clear their columns.</param>
    public static async Task<SyncFixture> OpenAsync(
        PostgresFixture postgres, IReadOnlyCollection<ThingColumn> columns, string setup = "select 1", string clocks = ZonedClock, string key = "text",
        bool clears = false)
    {
        var fixture = (await SyncFixture.OpenAsync(postgres, tables: false)).WithMaps(("thing.json", _ => Map(columns, clears))).WithPatches();
        // Whatever depends on the zone of a session goes wrong in this one.
        await fixture.ExecuteAsync(
            $"do $$ begin execute format('alter database %I set timezone = ''Asia/Kuala_Lumpur''', current_database()); end $$; {setup}");
        await fixture.ExecuteAsync(Create(columns, clocks, key));
        return fixture;
    }

    /// <summary>The statement that makes the table.</summary>
    public static string Create(IEnumerable<ThingColumn> columns, string clocks = ZonedClock, string key = "text") =>
        $"""
        create table thing (bubble_id {key} unique, {string.Concat(columns.Select(c => $"\"{c.Name}\" {c.Column}, "))}
          modified_date {clocks}, created_at {clocks} not null, updated_at {clocks} not null, last_synced_at {clocks}, deleted_in_bubble_at {clocks})
        """;

    /// <summary>The map.</summary>
    public static string Map(IEnumerable<ThingColumn> columns, bool clears = false) => string.Create(CultureInfo.InvariantCulture, $$"""
        { "name": "thing", "bubbleType": "thing", "table": "thing", "key": "bubble_id", "level": 0, "absent": "{{(clears ? "clear" : "keep")}}", "fields": [
          { "column": "bubble_id", "type": "text", "from": "_id" },
          {{string.Concat(columns.Select(c => $"{{ \"column\": \"{c.Name}\", \"type\": \"{c.Type}\", \"from\": \"{c.Name}\" }}, "))}}
          { "column": "modified_date", "type": "timestamptz", "from": "Modified Date" }
        ] }
        """);
}

/// <summary>A column of the table.</summary>
/// <param name="Name">Its name, and the Bubble field's.</param>
/// <param name="Type">The type in the map.</param>
/// <param name="Column">The type in the table.</param>
internal sealed record ThingColumn(string Name, string Type, string Column);
