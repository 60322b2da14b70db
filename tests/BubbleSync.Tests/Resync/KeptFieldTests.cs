using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Xunit;
using static BubbleSync.Tests.Resync.KeptThing;

namespace BubbleSync.Tests.Resync;

/// <summary>Where objects of unmapped fields may lack a field, or have an older value, a column that the map gained is filled from Bubble.</summary>
public sealed class KeptFieldTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_row_that_was_edited_here_and_kept_has_an_older_object()
    {
        await using var fixture = await postgres.LoadedAsync();
        await fixture.ExecuteAsync("update thing set qty = 1, updated_at = now() + interval '1 hour'");
        fixture.PutThing(1, "\"Shoe Size\": 13", Now);
        var report = await IncrementalAsync(fixture);
        Gain(fixture, Line);

        await BackfillAsync(fixture, requests: null);

        Assert.Equal(1L, report.Entities[0].Conflicts);
        Assert.Equal(["13", "9007199254740993", "~"], await fixture.RowsAsync("select size from thing order by bubble_id"));
    }

    [Fact]
    public async Task Objects_stay_as_they_are_while_the_map_does_not_name_their_column()
    {
        await using var fixture = await postgres.LoadedAsync();
        fixture.WithMaps(("thing.json", _ => UnmappedThing.Map().Replace("\"unmapped\": \"other_fields\",", "", StringComparison.Ordinal)));
        fixture.PutThing(1, "\"Shoe Size\": 13", SyncFixture.Late);
        fixture.PutThing(3, "\"Shoe Size\": 14", SyncFixture.Late);
        await fixture.ResyncAsync(new ResyncOptions { Entities = ["thing"], Force = true });
        fixture.WithMaps(("thing.json", _ => UnmappedThing.Map()));

        await BackfillAsync(fixture, requests: null);
        var kept = await fixture.RowsAsync("select other_fields ->> 'Shoe Size' from thing order by bubble_id");
        Gain(fixture, Line);
        await BackfillAsync(fixture, requests: null);

        Assert.Equal(["13", "9007199254740993", "14"], kept);
        Assert.Equal(["13", "9007199254740993", "14"], await fixture.RowsAsync("select size from thing order by bubble_id"));
    }

    [Fact]
    public async Task A_field_whose_line_or_ignore_was_removed_goes_into_the_objects()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres, "\"ignore\": [\"Colour\"],");
        await AddColumnAsync(fixture);
        Gain(fixture, Line, map => map.Replace("\"fields\"", "\"ignore\": [\"Colour\"], \"fields\"", StringComparison.Ordinal));
        fixture.PutThing(1, "\"Shoe Size\": 12.50, \"Colour\": \"red\", \"Hat\": 1");
        fixture.PutThing(2, "\"QTY\": 2");
        await fixture.ResyncAsync("thing");
        fixture.WithMaps(("thing.json", _ => UnmappedThing.Map()));

        var report = await fixture.ResyncAsync("thing");
        await BackfillAsync(fixture, requests: null);

        Assert.Equal("other_fields", Assert.Single(report.Entities[0].Unfilled!));
        Assert.Equal(["""{"Hat": 1, "Colour": "red", "Shoe Size": 12.50}""", "~"], await fixture.RowsAsync(UnmappedThing.Kept));
        Assert.True((await fixture.VerifyThingAsync()).Success);
        Assert.Empty((await fixture.ResyncAsync(Backfill)).Entities);
    }

    [Theory]
    [InlineData("""{"lat": 3.14, "address": "1 Main"}""", """{"lat":3.14,"address":"1 Main"}""")]
    [InlineData("1e2", "1e2")]
    [InlineData("[1e2, \"a\"]", "[1e2,\"a\"]")]
    public async Task A_text_is_what_Bubble_sent(string sent, string stored)
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres);
        fixture.PutThing(1, $"\"Place\": {sent}");
        await fixture.ResyncAsync("thing");
        await fixture.ExecuteAsync("alter table thing add column place text");
        Gain(fixture, """{ "column": "place", "type": "text", "from": "Place" }""");

        await BackfillAsync(fixture, requests: null);

        Assert.Equal([stored], await fixture.RowsAsync("select place from thing"));
    }

    [Fact]
    public async Task A_field_with_a_point_in_its_name_is_another_one_than_a_part_of_a_field()
    {
        await using var fixture = await postgres.LoadedAsync();
        fixture.PutThing(1, "\"P\": {\"Q\": 1}, \"P.Q\": 2", SyncFixture.Late);
        Gain(fixture, """{ "column": "size", "type": "numeric", "from": "P", "path": "Q" }""");
        await fixture.ResyncAsync("thing");
        await fixture.ExecuteAsync("update thing set size = null");
        Gain(fixture, """{ "column": "size", "type": "numeric", "from": "P.Q" }""");

        Assert.Equal(1L, (await fixture.ResyncAsync(Backfill)).Entities[0].Updated);
        Assert.Equal("2", await fixture.ScalarAsync<string>($"select size::text from thing where bubble_id = '{SyncFixture.Id(1)}'"));
    }

    [Fact]
    public async Task A_sync_between_the_new_line_and_the_backfill_needs_no_object()
    {
        await using var fixture = await postgres.LoadedAsync();
        Gain(fixture, Line);
        fixture.PutThing(1, "\"Shoe Size\": 13", Now);
        await IncrementalAsync(fixture);

        Assert.Equal(1L, (await BackfillAsync(fixture, requests: 0)).Entities[0].Updated);
        Assert.Equal(["13", "9007199254740993", "~"], await fixture.RowsAsync("select size from thing order by bubble_id"));
    }

    private static Task<RunReport> IncrementalAsync(SyncFixture fixture) =>
        fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["thing"] }, null, fixture.Limit);
}
