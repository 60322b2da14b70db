using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;

namespace BubbleSync.Tests.Resync;

/// <summary>The entity <c>thing</c>, whose column <c>other_fields</c> keeps what no line reads.</summary>
internal static class UnmappedThing
{
    /// <summary>What is kept, in PostgreSQL's words.</summary>
    public const string Kept = "select other_fields from thing order by bubble_id";

    private static readonly ThingColumn[] Columns =
    [
        new("created_date", "timestamptz", "timestamptz"), new("phone", "text", "text"), new("qty", "integer", "integer"), new("email", "text", "text"),
    ];

    /// <summary>Makes a fixture that has only this table.</summary>
    /// <param name="postgres">The server.</param>
    /// <param name="words">Further words of the map, each with a comma behind it.</param>
    /// <param name="column">The type of the column, with its rules.</param>
    /// <param name="options">The app.</param>
    public static async Task<SyncFixture> OpenAsync(
        PostgresFixture postgres, string words = "", string column = "jsonb", SimulatorOptions? options = null)
    {
        var fixture = (await SyncFixture.OpenAsync(postgres, options, tables: false)).WithMaps(("thing.json", _ => Map(words))).WithPatches();
        await fixture.ExecuteAsync(ThingTable.Create([.. Columns, new("other_fields", "jsonb", column)]));
        return fixture;
    }

    /// <summary>The map: a phone of several names, an address inside an object.</summary>
    public static string Map(string words = "") => $$"""
        { "name": "thing", "bubbleType": "thing", "table": "thing", "key": "bubble_id", "unmapped": "other_fields", {{words}} "fields": [
          { "column": "bubble_id", "type": "text", "from": "_id" },
          { "column": "created_date", "type": "timestamptz", "from": "Created Date" },
          { "column": "modified_date", "type": "timestamptz", "from": "Modified Date" },
          { "column": "phone", "type": "text", "from": ["Contact", "Mobile"], "fallback": "Whatsapp" },
          { "column": "qty", "type": "integer", "from": "QTY" },
          { "column": "email", "type": "text", "from": "authentication", "path": "email.email" } ] }
        """;

    /// <summary>Puts a record of this type.</summary>
    public static void PutThing(this SyncFixture fixture, int number, string fields, string modified = SyncFixture.Early) =>
        fixture.Put("thing", SyncFixture.Record(number, modified, fields));

    /// <summary>Compares this entity alone.</summary>
    public static Task<VerifyReport> VerifyThingAsync(this SyncFixture fixture) =>
        fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["thing"], Strict = true }, null, fixture.Limit);
}
