using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;
using static BubbleSync.Tests.Resync.GainedThing;

namespace BubbleSync.Tests.Resync;

/// <summary>Rows that have values of an earlier line of the map: each run and the status name the column until a forced resync wrote it anew.</summary>
public sealed class OutdatedColumnTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Prices = "select price from thing order by bubble_id";

    [Fact]
    public async Task A_column_that_gets_another_field_is_not_called_filled_and_a_forced_resync_leaves_no_value_of_the_earlier_one()
    {
        await using var fixture = await postgres.GainedAsync(gained: false);
        foreach (var number in Enumerable.Range(1, 3))
            fixture.Put("thing", Thing(number, $"n{number}", $"{number}.10, \"cost\": {number}.50"));
        fixture.WithMaps(("thing.json", _ => OtherField));

        var filled = await fixture.ResyncAsync(Backfill);
        var status = await StatusAsync(fixture);
        var later = await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["thing"] }, null, fixture.Limit);
        var kept = await fixture.RowsAsync(Prices);
        var forced = await fixture.ForceAsync("thing");

        Assert.Equal((0L, "price", null), (filled.Entities[0].Updated, Assert.Single(filled.Entities[0].Outdated!), filled.Entities[0].Unfilled));
        Assert.Contains(filled.Warnings, w => w.StartsWith("thing: columns in which rows may hold values that their line", StringComparison.Ordinal));
        Assert.Equal([NextActionKind.ForceResync], filled.NextActions.Select(a => a.Kind));
        Assert.Contains(status.Entities[0].Findings, f => f is { Finding: StatusFindingKind.Outdated, Light: StatusLight.Act });
        Assert.Contains(status.NextActions, a => a.Kind == NextActionKind.ForceResync);
        Assert.DoesNotContain(status.NextActions, a => a.Kind == NextActionKind.Backfill);
        Assert.Equal(["price"], later.Entities[0].Outdated);
        Assert.Equal(["1.10", "2.10", "3.10", "4.10"], kept);
        Assert.Equal((RunStatus.Succeeded, null), (forced.Status, forced.Entities[0].Outdated));
        Assert.Equal(["1.50", "2.50", "3.50", "~"], await fixture.RowsAsync(Prices));
        Assert.Empty((await StatusAsync(fixture)).Entities[0].Outdated);
    }

    [Fact]
    public async Task A_line_that_was_wrong_and_gave_nothing_is_filled_and_done()
    {
        await using var fixture = await postgres.GainedAsync(gained: false);
        fixture.WithMaps(("thing.json", _ => OtherField));
        var refused = await fixture.ForceAsync("thing");
        await fixture.ExecuteAsync("update thing set price = null");
        fixture.WithMaps(("thing.json", _ => Map(Name, Price)));
        // A field that no record carries looks like one that the token may not see.
        Assert.Equal(ErrorCode.ClearRefused, Assert.Single(refused.Errors).Code);

        Assert.Contains((await StatusAsync(fixture)).Entities[0].Findings, f => f.Finding == StatusFindingKind.Unfilled);
        var report = await fixture.ResyncAsync(Backfill);

        Assert.Equal((4L, null), (report.Entities[0].Updated, report.Entities[0].Outdated));
        Assert.Empty((await StatusAsync(fixture)).Entities[0].Outdated);
    }

    [Fact]
    public async Task A_line_that_was_away_while_records_changed_is_not_called_filled()
    {
        await using var fixture = await postgres.GainedAsync(gained: false);
        fixture.WithMaps(("thing.json", _ => Map(Name)));
        fixture.Put("thing", Thing(2, "n2", "99.90", SyncFixture.Late));
        await fixture.ResyncAsync("thing");
        fixture.WithMaps(("thing.json", _ => Map(Name, Price)));

        var filled = await fixture.ResyncAsync(Backfill);
        var forced = await fixture.ForceAsync("thing");

        Assert.Equal((0L, "price"), (filled.Entities[0].Updated, Assert.Single(filled.Entities[0].Outdated!)));
        Assert.Null(forced.Entities[0].Outdated);
        Assert.Equal(["1.10", "99.90", "3.10", "4.10"], await fixture.RowsAsync(Prices));
    }

    [Fact]
    public async Task A_new_column_with_a_default_has_no_NULL_to_fill()
    {
        await using var fixture = await postgres.GainedAsync();
        await fixture.ExecuteAsync($"update thing set price = 0 where bubble_id <> '{SyncFixture.Id(1)}'");

        var filled = await fixture.ResyncAsync(Backfill);

        Assert.Equal((1L, "price"), (filled.Entities[0].Updated, Assert.Single(filled.Entities[0].Outdated!)));
        Assert.Equal(["1.10", "0", "0", "0"], await fixture.RowsAsync(Prices));
    }

    [Fact]
    public async Task A_value_that_a_column_does_not_take_stays_in_the_object_of_unmapped_fields()
    {
        await using var fixture = await postgres.LoadedAsync();
        await fixture.ExecuteAsync("alter table thing add column hue text; update thing set hue = 'here'");
        const string Hue = """{ "column": "hue", "type": "text", "from": "Colour" }""";
        KeptThing.Gain(fixture, $"{KeptThing.Line}, {Hue}");

        var kept = await KeptThing.BackfillAsync(fixture, requests: 0);
        KeptThing.Gain(fixture, Hue);
        var read = await KeptThing.BackfillAsync(fixture, requests: null);

        Assert.Equal(["hue"], kept.Entities[0].Outdated);
        Assert.Equal(["hue"], read.Entities[0].Outdated);
        Assert.Equal(
            ["here|red", "here|~", "here|blue"], await fixture.RowsAsync("select hue, other_fields ->> 'Colour' from thing order by bubble_id"));
    }

    [Fact]
    public async Task A_key_of_hashes_that_changes_is_noticed()
    {
        await using var fixture = await postgres.GainedAsync(gained: false);
        fixture.WithMaps(("thing.json", _ => Masked));
        fixture.Settings = fixture.Settings with { Privacy = new PrivacySettings { HashKey = "the first key" } };
        var masked = await fixture.ResyncAsync("thing");
        await fixture.ForceAsync("thing");
        var quiet = await fixture.ResyncAsync("thing");
        fixture.Settings = fixture.Settings with { Privacy = new PrivacySettings { HashKey = "another key" } };

        var changed = await fixture.ResyncAsync("thing");

        Assert.Equal(["name"], masked.Entities[0].Outdated);
        Assert.Null(quiet.Entities[0].Outdated);
        Assert.Equal(["name"], changed.Entities[0].Outdated);
    }

    private static string OtherField => Map(Name, Price).Replace("\"from\": \"price\"", "\"from\": \"cost\"", StringComparison.Ordinal);

    private static string Masked => Map(Name, Price).Replace("\"from\": \"name\"", "\"from\": \"name\", \"mask\": \"hash\"", StringComparison.Ordinal);

    private static Task<StatusReport> StatusAsync(SyncFixture fixture) =>
        fixture.Engine().StatusAsync(new StatusOptions { Entities = ["thing"] }, fixture.Limit);
}
