using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Xunit;
using static BubbleSync.Tests.Resync.KeptThing;

namespace BubbleSync.Tests.Resync;

/// <summary>A column that a map gained is filled from the column of unmapped fields, without Bubble, where that is shown to have all of it.</summary>
public sealed class UnmappedBackfillTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Clocks = "select modified_date, created_at, updated_at, last_synced_at from thing order by bubble_id";

    [Fact]
    public async Task It_asks_nothing_of_Bubble_and_has_every_digit()
    {
        await using var fixture = await postgres.LoadedAsync();
        fixture.PutThing(3, "\"Shoe Size\": 99", SyncFixture.Late);
        Gain(fixture, Line);
        var clocks = await fixture.RowsAsync(Clocks);

        var report = await BackfillAsync(fixture, requests: 0);

        Assert.Equal((RunStatus.Succeeded, 2L, 0L), (report.Status, report.Entities[0].Updated, report.Entities[0].Inserted));
        var rows = await fixture.RowsAsync("select size, other_fields ->> 'Colour' from thing order by bubble_id");
        Assert.Equal(["12.50|red", "9007199254740993|~", "~|blue"], rows);
        Assert.Contains(report.Warnings, w => w.Contains("filled from column 'other_fields'", StringComparison.Ordinal));
        Assert.Equal(clocks, await fixture.RowsAsync(Clocks));
    }

    [Fact]
    public async Task A_field_that_has_a_line_by_now_is_no_difference_in_objects_that_still_have_it()
    {
        await using var fixture = await postgres.LoadedAsync();
        Gain(fixture, Line);
        await BackfillAsync(fixture, requests: 0);

        Assert.True((await fixture.VerifyThingAsync()).Success);
        await fixture.ExecuteAsync($$"""update thing set other_fields = '{"Shoe Size": 12.50, "Colour": "green"}' where bubble_id = '{{SyncFixture.Id(1)}}'""");
        Assert.Equal("other_fields", Assert.Single((await fixture.VerifyThingAsync()).Differences).Column);
    }

    [Fact]
    public async Task More_records_than_a_page_are_all_filled()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 250))
            fixture.PutThing(number, $"\"Shoe Size\": {number}");
        await fixture.ResyncAsync("thing");
        await AddColumnAsync(fixture);
        Gain(fixture, Line);

        Assert.Equal(250L, (await BackfillAsync(fixture, requests: 0)).Entities[0].Updated);
        Assert.Equal("31375", await fixture.ScalarAsync<string>("select sum(size)::text from thing"));
    }

    [Theory]
    [InlineData("\"ignore\": [\"Shoe Size\"],")]
    [InlineData("")]
    public async Task A_field_that_some_objects_may_lack_is_read_from_Bubble(string words)
    {
        // It was ignored, or it had a line, when some of the rows were written.
        await using var fixture = await postgres.LoadedAsync();
        if (words.Length > 0)
            fixture.WithMaps(("thing.json", _ => UnmappedThing.Map(words)));
        else
            Gain(fixture, Line.Replace("size", "phone_size", StringComparison.Ordinal));
        await fixture.ExecuteAsync("alter table thing add column phone_size numeric");
        fixture.PutThing(1, "\"Shoe Size\": 13", Now);
        await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["thing"] }, null, fixture.Limit);
        Gain(fixture, Line);

        await BackfillAsync(fixture, requests: null);

        Assert.Equal("13", await fixture.ScalarAsync<string>($"select size::text from thing where bubble_id = '{SyncFixture.Id(1)}'"));
    }

    [Fact]
    public async Task A_run_that_is_not_recorded_as_a_reading_counts_too()
    {
        await using var fixture = await postgres.LoadedAsync();
        fixture.PutThing(4, "\"QTY\": \"many\", \"Shoe Size\": 14");
        Assert.Equal(1L, (await fixture.ResyncAsync("thing")).Entities[0].Rejected);
        fixture.WithMaps(("thing.json", _ => UnmappedThing.Map("\"ignore\": [\"Shoe Size\"],").Replace("\"integer\"", "\"text\"", StringComparison.Ordinal)));
        await fixture.ExecuteAsync("alter table thing alter qty type text");
        Assert.Equal(RunStatus.Succeeded, (await fixture.Engine().ReprocessAsync("last", false, fixture.Limit)).Status);
        Gain(fixture, Line, map => map.Replace("\"integer\"", "\"text\"", StringComparison.Ordinal));

        await BackfillAsync(fixture, requests: null);

        Assert.Equal("14", await fixture.ScalarAsync<string>($"select size::text from thing where bubble_id = '{SyncFixture.Id(4)}'"));
    }

    [Fact]
    public async Task A_name_that_no_object_has_is_looked_up_in_the_app()
    {
        await using var fixture = await postgres.LoadedAsync();
        Gain(fixture, Line.Replace("Shoe Size", "shoe size", StringComparison.Ordinal));

        var report = await BackfillAsync(fixture, requests: null);

        Assert.Equal(2L, report.Entities[0].Updated);
    }

    [Fact]
    public async Task A_field_that_was_renamed_in_Bubble_is_read_from_Bubble()
    {
        // To rename a field moves no Modified Date: what was loaded before has the old name.
        await using var fixture = await postgres.LoadedAsync();
        fixture.PutThing(1, "\"Size of shoe\": 12.50");
        fixture.PutThing(2, "\"Size of shoe\": 41", Now);
        await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["thing"] }, null, fixture.Limit);
        Gain(fixture, Line.Replace("Shoe Size", "Size of shoe", StringComparison.Ordinal));

        await BackfillAsync(fixture, requests: null);

        Assert.Equal(["12.50", "41", "~"], await fixture.RowsAsync("select size from thing order by bubble_id"));
    }

    [Fact]
    public async Task A_column_of_unmapped_fields_that_the_map_gained_is_filled_from_Bubble_and_then_fills_others()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres);
        fixture.WithMaps(("thing.json", _ => UnmappedThing.Map().Replace("\"unmapped\": \"other_fields\",", "", StringComparison.Ordinal)));
        fixture.PutThing(1, "\"Shoe Size\": 12.50");
        fixture.PutThing(2, "\"QTY\": 1");
        await fixture.ResyncAsync("thing");
        fixture.WithMaps(("thing.json", _ => UnmappedThing.Map()));

        Assert.Equal(1L, (await BackfillAsync(fixture, requests: null)).Entities[0].Updated);
        Assert.Equal(["""{"Shoe Size": 12.50}""", "~"], await fixture.RowsAsync(UnmappedThing.Kept));
        await AddColumnAsync(fixture);
        Gain(fixture, Line);
        Assert.Equal(1L, (await BackfillAsync(fixture, requests: 0)).Entities[0].Updated);
    }

    [Fact]
    public async Task A_value_that_does_not_convert_is_rejected_as_what_cannot_be_loaded_again_and_the_column_counts_as_not_filled()
    {
        await using var fixture = await postgres.LoadedAsync();
        fixture.PutThing(5, "\"Shoe Size\": \"large\"");
        await fixture.ResyncAsync("thing");
        Gain(fixture, Line);

        var stopped = await BackfillAsync(fixture, requests: 0, Backfill with { MaxRejects = new Limit(0, false) });
        var resumed = await BackfillAsync(fixture, requests: 0, new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Failed, RunStatus.Partial), (stopped.Status, resumed.Status));
        Assert.Equal((2L, 1L), (resumed.Entities[0].Updated, resumed.Entities[0].Rejected));
        Assert.Equal(["true"], await fixture.RowsAsync("select distinct is_rebuilt from bubblesync.rejected_record"));
        Assert.Equal(["size"], (await fixture.ResyncAsync("thing")).Entities[0].Unfilled);
    }

    [Fact]
    public async Task A_dry_run_says_what_it_would_fill()
    {
        await using var fixture = await postgres.LoadedAsync();
        Gain(fixture, Line);

        Assert.Equal(2L, (await BackfillAsync(fixture, requests: 0, Backfill with { DryRun = true })).Entities[0].Updated);
        Assert.Equal(0L, await fixture.ScalarAsync<long>("select count(size) from thing"));
    }
}
