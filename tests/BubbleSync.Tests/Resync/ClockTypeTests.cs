using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.0, 5.6, 5.7 and 5.12 where the clocks are columns without a zone, or coarser than what Bubble sends.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class ClockTypeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Setup = "create domain clock as timestamp(3)";
    private const string Modified = "2026-03-01T08:00:00.987Z";
    private const string Created = "2025-12-31T23:59:58.654Z";
    private const string Edited = "2126-01-01T00:00:00.000Z";

    /// <summary>Types of clocks, with the digits of a second that they hold.</summary>
    public static TheoryData<string, int> Clocks => new()
    {
        { "timestamp", 6 }, { "timestamp(3)", 3 }, { "timestamp(1)", 1 }, { "timestamp(0)", 0 }, { "clock", 3 }, { "timestamptz(3)", 3 },
        { "timestamptz(0)", 0 },
    };

    [Theory]
    [MemberData(nameof(Clocks))]
    public async Task A_record_that_did_not_change_is_never_newer_than_its_row(string clock, int digits)
    {
        await using var fixture = await OpenAsync(clock);
        fixture.Put("thing", SyncFixture.Record(1, Modified, "\"name\": \"a\"", Created));
        var first = await fixture.ResyncAsync("thing");
        var before = await fixture.RowAsync("select xmin::text, ctid::text from thing");

        var again = await fixture.ResyncAsync("thing");
        var forced = await fixture.ForceAsync("thing");
        var incremental = await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["thing"] }, null, fixture.Limit);
        var verified = await VerifyAsync(fixture);
        var audited = await fixture.Engine().AuditValuesAsync(new ValueAuditOptions { Entities = ["thing"] }, null, fixture.Limit);

        Assert.Equal(1, first.Entities[0].Inserted);
        Assert.All([again, forced, incremental], r => Assert.Equal((0L, 0L), (r.Entities[0].Updated, r.Entities[0].Conflicts)));
        Assert.Equal(before, await fixture.RowAsync("select xmin::text, ctid::text from thing"));
        Assert.True(verified.Success);
        Assert.Equal(3, audited.ByVerdict[ValueVerdict.Same]);
        Assert.Equal(
            $"{Cut(Modified, digits)}|{Cut(Created, digits)}|{Cut(Modified, digits)}",
            await fixture.RowAsync($"select {Utc("modified_date")}, {Utc("created_at")}, {Utc("updated_at")} from thing"));
        Assert.True(await fixture.ScalarAsync<bool>($"select abs(extract(epoch from now() - {Zoned(clock, "last_synced_at")})) < 60 from thing"));
    }

    [Theory]
    [MemberData(nameof(Clocks))]
    public async Task A_change_in_Bubble_is_loaded_and_a_later_edit_here_is_a_conflict(string clock, int digits)
    {
        await using var fixture = await OpenAsync(clock);
        fixture.Put("thing", SyncFixture.Record(1, Modified, "\"name\": \"a\""));
        await fixture.ResyncAsync("thing");
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Late, "\"name\": \"b\""));
        var changed = await fixture.ResyncAsync("thing");
        await fixture.ExecuteAsync($"update thing set name = 'mine', updated_at = '{Edited}'");
        fixture.Put("thing", SyncFixture.Record(1, "2026-05-01T00:00:00.999Z", "\"name\": \"c\""));

        var kept = await fixture.ResyncAsync("thing");
        var older = await VerifyAsync(fixture);
        var row = await fixture.RowAsync($"select name, {Utc("updated_at")} from thing");
        var forced = await fixture.ForceAsync("thing");

        Assert.Equal((1L, 0L), (changed.Entities[0].Updated, changed.Entities[0].Conflicts));
        Assert.Equal((0L, 1L), (kept.Entities[0].Updated, kept.Entities[0].Conflicts));
        Assert.Equal(DifferenceVerdict.Older, Assert.Single(older.Differences).Verdict);
        Assert.Equal($"mine|{Cut(Edited, digits)}", row);
        Assert.Equal(1, forced.Entities[0].Updated);
        Assert.Equal("c", await fixture.RowAsync("select name from thing"));
        Assert.Contains("here later, at 2126-01-01", await fixture.ScalarAsync<string>("select message from bubblesync.activity_log where message like "
            + "'kept as it is%'"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clocks))]
    public async Task A_trigger_that_stamps_the_row_makes_no_conflict(string clock, int digits)
    {
        await using var fixture = await OpenAsync(clock);
        // The zone of our sessions is UTC.
        await fixture.ExecuteAsync(
            """
            create function stamp() returns trigger language plpgsql as $$ begin new.updated_at := clock_timestamp(); return new; end $$;
            create trigger stamp before insert or update on thing for each row execute function stamp()
            """);
        fixture.Put("thing", SyncFixture.Record(1, Modified, "\"name\": \"a\""));
        await fixture.ResyncAsync("thing");
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Late, "\"name\": \"b\""));

        var report = await fixture.ResyncAsync("thing");

        Assert.InRange(digits, 0, 6);
        Assert.Equal((1L, 0L), (report.Entities[0].Updated, report.Entities[0].Conflicts));
    }

    [Theory]
    [MemberData(nameof(Clocks))]
    public async Task A_mark_of_deletion_is_set_in_UTC_and_taken_off_again(string clock, int digits)
    {
        await using var fixture = await OpenAsync(clock);
        fixture.Put("thing", SyncFixture.Record(1, Modified));
        fixture.Put("thing", SyncFixture.Record(2, Modified));
        await fixture.ResyncAsync("thing");
        // A trigger may change the zone of our session.
        await fixture.ExecuteAsync(
            """
            create function zone() returns trigger language plpgsql as $$ begin perform set_config('timezone', 'Asia/Kuala_Lumpur', true); return null; end $$;
            create trigger zone before insert or update on thing for each statement execute function zone()
            """);
        fixture.Bubble.Records.Delete("thing", SyncFixture.Id(2));

        var pruned = await fixture.ResyncAsync(new ResyncOptions { Entities = ["thing"], Prune = PruneMode.Soft, PruneLimitPercent = 90 });
        var marked = await fixture.ScalarAsync<bool>(
            $"select bool_and(abs(extract(epoch from now() - {Zoned(clock, "deleted_in_bubble_at")})) < 60) from thing where deleted_in_bubble_at is not null");
        fixture.Put("thing", SyncFixture.Record(2, Modified));
        var difference = Assert.Single((await VerifyAsync(fixture)).Differences);
        await fixture.ResyncAsync("thing");

        Assert.InRange(digits, 0, 6);
        Assert.Equal((1L, true), (pruned.Entities[0].Pruned, marked));
        Assert.Equal((DifferenceVerdict.Differs, "deleted_in_bubble_at"), (difference.Verdict, difference.Column));
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(deleted_in_bubble_at) from thing"));
    }

    [Fact]
    public async Task What_clocks_cannot_hold_is_said_once_a_run()
    {
        await using var fixture = await OpenAsync("timestamp(0)");
        fixture.Put("thing", SyncFixture.Record(1, Modified));

        var coarse = await fixture.ResyncAsync("thing");
        await fixture.ExecuteAsync("alter table thing alter modified_date type timestamptz(3) using modified_date at time zone 'UTC'");
        var fine = await fixture.ResyncAsync("thing");

        Assert.Equal(
            "Columns of type timestamp have no time zone; they are written and read as UTC: "
            + "thing.modified_date, thing.created_at, thing.updated_at, thing.last_synced_at, thing.deleted_in_bubble_at.",
            Assert.Single(coarse.Warnings, w => w.Contains("UTC", StringComparison.Ordinal)));
        Assert.Single(coarse.Warnings, w => w.StartsWith("thing: column 'modified_date' of table 'thing' is timestamp(0) without time zone, "
            + "which is coarser", StringComparison.Ordinal));
        Assert.DoesNotContain(fine.Warnings, w => w.Contains("coarser", StringComparison.Ordinal));
    }

    /// <summary>A record that was rejected and has not changed since is not taken for another version of itself, because its date was cut.</summary>
    [Theory]
    [InlineData("timestamptz(0)")]
    [InlineData("timestamptz(1)")]
    [InlineData("timestamp(3)")]
    public async Task A_rejected_record_stays_open_while_Bubble_has_the_same_version(string clock)
    {
        await using var fixture = await OpenAsync(clock);
        fixture.Put("thing", SyncFixture.Record(1, Modified, "\"count\": \"many\""));
        await fixture.ResyncAsync("thing");
        const string Open = "select count(*) from bubblesync.rejected_record where superseded_by is null and run_id = (select run_id from bubblesync.run "
            + "order by started_at limit 1)";

        await VerifyAsync(fixture);
        var same = await fixture.ScalarAsync<long>(Open);
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Late, "\"count\": \"many\""));
        await VerifyAsync(fixture);

        Assert.Equal((1L, 0L), (same, await fixture.ScalarAsync<long>(Open)));
    }

    private Task<SyncFixture> OpenAsync(string clock) =>
        ThingTable.OpenAsync(postgres, [new("name", "text", "text"), new("count", "integer", "integer")], Setup, clock);

    private static Task<VerifyReport> VerifyAsync(SyncFixture fixture) =>
        fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["thing"] }, null, fixture.Limit);

    // The fixture's sessions are in UTC too, so that both kinds of column show the same.
    private static string Utc(string column) => $"to_char({column}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

    private static string Zoned(string clock, string column) =>
        clock.StartsWith("timestamptz", StringComparison.Ordinal) ? column : $"({column} at time zone 'UTC')";

    private static string Cut(string moment, int digits)
    {
        var unit = TimeSpan.TicksPerSecond / (long)Math.Pow(10, digits);
        var ticks = DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture).UtcTicks;
        return new DateTime(ticks / unit * unit, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
    }
}
