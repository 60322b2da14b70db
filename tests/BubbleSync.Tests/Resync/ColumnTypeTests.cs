using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.4 and 5.5 for every type of column: a value is stored exactly, or its record is rejected.</summary>
public sealed class ColumnTypeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Types =
        """
        create extension citext;
        create type mood as enum ('calm', 'Very Happy', 'né', '');
        create domain small_mood as mood check (value <> 'né');
        create domain percent as numeric(5,2) check (value between 0 and 100);
        create domain short_text as varchar(4) not null default 'none';
        create domain day as date check (value > '2000-01-01');
        create domain any_time as timestamp(3);
        create domain weight as double precision check (value >= 0);
        create domain token as uuid;
        """;

    private static readonly Sample[] Samples =
    [
        new("text", "enum_word", "mood", "\"Very Happy\"", "Very Happy", "\"very happy\"", "none of the labels of mood"),
        new("text", "enum_letter", "mood", "\"n\\u00e9\"", "né", "\"calm \"", "none of the labels of mood"),
        new("text", "enum_blank", "mood", "\"\"", "", "\" \"", "none of the labels of mood"),
        new("text", "enum_domain", "small_mood", "\"calm\"", "calm", "\"n\\u00e9\"", "constraint 'small_mood_check' of domain 'small_mood'"),
        new("text", "id", "uuid",
            "\"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11\"", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "\"a0eebc999c0b4ef8bb6d6bb9bd380a11\"", "is not a uuid"),
        new("text", "id_domain", "token", "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "\"\"", "is not a uuid"),
        new("text", "lax", "citext", "\"Ann\"", "Ann", null, ""),
        new("text", "fixed", "char(5)", "\"ab \"", "ab", "\"abcdef\"", "6 characters is too long for character(5)"),
        new("text", "limited", "short_text", "\"äöüß\"", "äöüß", "\"12345\"", "5 characters is too long"),
        new("text[]", "words", "varchar[]", "[\"a\", \"b c\"]", "{a,\"b c\"}", "{}", "is not a list"),
        new("text[]", "short_words", "varchar(3)[]", "[\"abc\", \"\", \"d\"]", "{abc,d}", "[\"abcd\"]", "4 characters is too long for character varying(3)[]"),
        new("text[]", "lax_words", "citext[]", "[\"Ann\"]", "{Ann}", null, ""),
        new("url[]", "links", "varchar(20)[]", "[\"//a/b\"]", "{https://a/b}", "[\"//a/0123456789abcdef\"]", "is too long"),
        new("integer", "small", "smallint", "-32768", "-32768", "32768", "does not fit smallint"),
        new("integer", "big", "bigint", "9007199254740993", "9007199254740993", "9223372036854775808", "does not fit bigint"),
        new("integer",
            "whole_double", "double precision", "9007199254740992", "9.007199254740992e+15", "9007199254740993", "more digits than double precision keeps"),
        new("integer", "whole_real", "real", "16777216", "1.6777216e+07", "16777217", "more digits than real keeps"),
        new("numeric", "double", "double precision", "0.1", "0.1", "0.12345678901234567890", "more digits than double precision keeps"),
        new("numeric", "halfway", "double precision", "-1.10e23", "-1.1e+23", "1e23", "more digits than double precision keeps"),
        new("numeric", "tiny", "double precision", "\"5e-324\"", "5e-324", "1e-400", "more digits than double precision keeps"),
        new("numeric", "huge", "double precision", "1.7976931348623157e308", "1.7976931348623157e+308", "1e309", "is too large"),
        new("numeric", "zero", "double precision", "-0.00", "0", "1.00000000000000001", "more digits than double precision keeps"),
        new("numeric", "real", "real", "3.25", "3.25", "16777217.5", "more digits than real keeps"),
        new("numeric", "double_domain", "weight", "1e2", "100", "-1", "constraint 'weight_check' of domain 'weight'"),
        new("numeric", "share", "percent", "99.50", "99.50", "100.01", "constraint 'percent_check' of domain 'percent'"),
        new("timestamptz",
            "local", "timestamp", "\"2026-01-01T07:30:00.123456+08:00\"", "2025-12-31 23:30:00.123456", "\"2026-01-01T00:00:00\"", "is not a moment"),
        new("timestamptz", "local3", "timestamp(3)",
            "\"1969-12-31T23:59:59.999Z\"", "1969-12-31 23:59:59.999", "\"1969-12-31T23:59:59.9991Z\"", "fraction of a second does not fit timestamp(3)"),
        new("timestamptz", "local0", "timestamp(0)", "1767225600000", "2026-01-01 00:00:00", "1767225600001", "fraction of a second does not fit timestamp(0)"),
        new("timestamptz", "zoned1",
            "timestamptz(1)", "\"2026-01-01T00:00:00.5Z\"", "2026-01-01 00:00:00.5+00", "\"2026-01-01T00:00:00.25Z\"", "fraction of a second does not fit"),
        new("timestamptz", "zoned0",
            "timestamptz(0)", "\"9999-12-31T23:59:59Z\"", "9999-12-31 23:59:59+00", "\"9999-12-31T23:59:59.5Z\"", "fraction of a second does not fit"),
        new("timestamptz",
            "time_domain", "any_time", "\"2026-01-01T00:00:00.123Z\"", "2026-01-01 00:00:00.123", "\"2026-01-01T00:00:00.1234Z\"", "does not fit any_time"),
        new("timestamptz",
            "date", "date", "\"2026-01-01T08:00:00+08:00\"", "2026-01-01", "\"2026-01-01T00:00:00+08:00\"", "not midnight UTC, which date needs"),
        new("timestamptz", "first_date", "date", "\"0001-01-01T00:00:00Z\"", "0001-01-01", "-1", "not midnight UTC, which date needs"),
        new("timestamptz", "day", "day", "\"2026-02-28T00:00:00Z\"", "2026-02-28", "\"1999-01-01T00:00:00Z\"", "constraint 'day_check' of domain 'day'"),
        new("jsonb", "json", "json", "{\"b\": [1.0, \"x\"], \"a\": null}", "{\"b\":[1.0,\"x\"],\"a\":null}", "[1e200000]", "does not fit jsonb"),
    ];

    [Fact]
    public async Task A_value_is_stored_exactly_or_rejects_its_record_by_field_and_reason()
    {
        await using var fixture = await ThingTable.OpenAsync(postgres, [.. Samples.Select(s => s.Column)], Types);
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Early, string.Join(", ", Samples.Select(s => $"\"{s.Name}\": {s.Good}"))));
        var bad = Samples.Index().Where(s => s.Item.Bad is not null).ToList();
        foreach (var (number, sample) in bad)
            fixture.Put("thing", SyncFixture.Record(1000 + number, SyncFixture.Early, $"\"{sample.Name}\": {sample.Bad}"));

        var report = await fixture.ResyncAsync("thing");

        Assert.Equal((RunStatus.Partial, 1L, (long)bad.Count), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
        foreach (var sample in Samples)
            Assert.Equal(
                $"{sample.Name}: {sample.Stored}", $"{sample.Name}: {await fixture.ScalarAsync<string>($"select \"{sample.Name}\"::text from thing")}");
        foreach (var (number, sample) in bad)
        {
            var reason = await fixture.ScalarAsync<string>("select reason from bubblesync.rejected_record where bubble_id = "
                + $"'{SyncFixture.Id(1000 + number)}' and field in ('{sample.Name}', '{sample.Rule}')");
            Assert.Contains(sample.Reason, $"{sample.Name}: {reason}", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_loaded_is_equal_ever_after_and_every_change_is_seen()
    {
        await using var fixture = await ThingTable.OpenAsync(postgres, [.. Samples.Select(s => s.Column)], Types);
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Early, string.Join(", ", Samples.Select(s => $"\"{s.Name}\": {s.Good}"))));
        await fixture.ResyncAsync("thing");
        var before = await fixture.RowAsync("select xmin::text, ctid::text from thing");

        var again = await fixture.ResyncAsync("thing");
        var forced = await fixture.ForceAsync("thing");
        var verified = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["thing"], Strict = true }, null, fixture.Limit);
        var audited = await fixture.Engine().AuditValuesAsync(new ValueAuditOptions { Entities = ["thing"] }, null, fixture.Limit);

        Assert.Equal((1L, 1L), (again.Entities[0].Unchanged, forced.Entities[0].Unchanged));
        Assert.Equal(before, await fixture.RowAsync("select xmin::text, ctid::text from thing"));
        Assert.True(verified.Success);
        Assert.Equal(Samples.Length + 2L, audited.ByVerdict[ValueVerdict.Same]);

        foreach (var sample in Samples)
            await fixture.ExecuteAsync($"update thing set \"{sample.Name}\" = {(sample.Name == "limited" ? "'x'" : "null")}");
        var differing = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["thing"] }, null, fixture.Limit);
        Assert.Equal(Samples.Select(s => s.Name).Order(StringComparer.Ordinal), differing.Differences.Select(d => d.Column).Order(StringComparer.Ordinal));
        Assert.Equal(1, (await fixture.ForceAsync("thing")).Entities[0].Updated);
        Assert.True((await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["thing"] }, null, fixture.Limit)).Success);
    }

    [Fact]
    public async Task A_label_that_is_added_later_takes_its_records_in()
    {
        await using var fixture = await ThingTable.OpenAsync(postgres, [new("mood", "text", "mood")], Types);
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Early, "\"mood\": \"angry\""));
        var before = await fixture.ResyncAsync("thing");
        await fixture.ExecuteAsync("alter type mood add value 'angry'");

        var after = await fixture.ResyncAsync("thing");

        Assert.Equal((1L, 0L, 1L), (before.Entities[0].Rejected, after.Entities[0].Rejected, after.Entities[0].Inserted));
        Assert.Equal("angry", await fixture.ScalarAsync<string>("select mood::text from thing"));
    }

    [Fact]
    public async Task Absent_fields_are_cleared_and_defaults_are_kept_in_every_type()
    {
        await using var fixture = await ThingTable.OpenAsync(
            postgres,
            [
                new("mood", "text", "mood default 'calm'"), new(
                    "id", "text", "uuid default gen_random_uuid()"), new("d", "numeric", "double precision default 1.5"),
                new("at", "timestamptz", "timestamp(3) default current_timestamp"), new("day", "timestamptz", "date default '2026-01-01'"),
                new("doc", "jsonb", "json default '{}'"),
            ],
            Types, clears: true);
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("thing", SyncFixture.Record(2, SyncFixture.Early, "\"mood\": \"Very Happy\", \"d\": 2, \"day\": \"2026-03-01T00:00:00Z\", \"doc\": [1]"));

        await fixture.ResyncAsync("thing");
        fixture.Put("thing", SyncFixture.Record(2, SyncFixture.Late));
        var cleared = await fixture.ResyncAsync("thing");
        var verified = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["thing"] }, null, fixture.Limit);

        Assert.Equal((RunStatus.Succeeded, 1L), (cleared.Status, cleared.Entities[0].Updated));
        Assert.Equal(["~|~|~|~|~|~", "~|~|~|~|~|~"], await fixture.RowsAsync("select mood::text, id::text, d::text, at::text, day::text, doc::text from thing "
            + "order by bubble_id"));
        Assert.True(verified.Success);
    }

    [Fact]
    public async Task Records_exchange_unique_values_of_every_type()
    {
        await using var fixture = await ThingTable.OpenAsync(
            postgres,
            [
                new("id", "text", "uuid unique not null"), new(
                    "d", "numeric", "double precision unique not null"), new("at", "timestamptz", "timestamp(0) unique not null"),
                new("day", "timestamptz", "date unique not null"), new("mood", "text", "mood unique"), new("tags", "text[]", "varchar(40)[] unique not null"),
            ],
            Types);
        Put(SyncFixture.Early, 1, 2);
        await fixture.ResyncAsync("thing");
        Put(SyncFixture.Late, 2, 1);

        var report = await fixture.ResyncAsync("thing");

        Assert.Equal((RunStatus.Succeeded, 2L), (report.Status, report.Entities[0].Updated));
        Assert.Equal(["2|2026-01-02", "1|2026-01-01"], await fixture.RowsAsync("select d::text, day::text from thing order by bubble_id"));

        void Put(string modified, params int[] values)
        {
            foreach (var (number, value) in values.Index())
            {
                fixture.Put("thing", SyncFixture.Record(number, modified, $"""
                    "id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1{value}", "d": {value}, "at": "2026-01-01T00:00:0{value}Z", "day": "2026-01-0{value}T00:00:00Z",
                    "mood": "{(value == 1 ? "calm" : "Very Happy")}", "tags": ["{value}"]
                    """));
            }
        }
    }

    [Fact]
    public async Task A_link_of_any_type_waits_for_its_target()
    {
        await using var fixture = await ThingTable.OpenAsync(
            postgres,
            [
                new("mood", "text", "mood references moods"), new("id", "text", "uuid references ids"), new("number", "integer", "integer references numbers"),
                new("day", "timestamptz", "date references days"),
            ],
            Types + "create table moods (v mood primary key); create table ids (v uuid primary key); create table numbers (v integer primary key); create "
                + "table days (v date primary key);");
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Early, "\"mood\": \"calm\", \"id\": \"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\", \"number\": 7, "
            + "\"day\": \"2026-01-01T00:00:00Z\""));
        const string Row = "select mood::text, id::text, number::text, day::text from thing";

        var held = await fixture.ResyncAsync("thing");
        var before = await fixture.RowAsync(Row);
        var equal = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["thing"] }, null, fixture.Limit);
        await fixture.ExecuteAsync("insert into moods values ('calm'); insert into ids values ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'); insert into numbers "
            + "values (7); insert into days values ('2026-01-01')");
        await fixture.ResyncAsync("thing");

        Assert.Equal((RunStatus.Succeeded, "~|~|~|~", true), (held.Status, before, equal.Success));
        Assert.Equal("calm|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|7|2026-01-01", await fixture.RowAsync(Row));
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from bubblesync.held_link"));
    }

    [Theory]
    [InlineData("char(40)")]
    [InlineData("varchar(32)")]
    [InlineData("citext")]
    public async Task A_key_of_any_kind_of_text_finds_its_row(string key)
    {
        await using var fixture = await ThingTable.OpenAsync(postgres, [new("name", "text", "text")], Types, key: key);
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Early, "\"name\": \"a\""));
        fixture.Put("thing", SyncFixture.Record(2, SyncFixture.Early, "\"name\": \"b\""));
        await fixture.ResyncAsync("thing");
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Late, "\"name\": \"c\""));
        fixture.Bubble.Records.Delete("thing", SyncFixture.Id(2));

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["thing"], Prune = PruneMode.Hard, PruneLimitPercent = 90 });

        Assert.Equal((1L, 1L, 1L), (report.Entities[0].Updated, report.Entities[0].NotInBubble, report.Entities[0].Pruned));
        Assert.Equal("c", await fixture.RowAsync("select name from thing"));
        Assert.True((await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["thing"] }, null, fixture.Limit)).Success);
    }

    private sealed record Sample(string Type, string Name, string InTable, string Good, string Stored, string? Bad, string Reason)
    {
        public ThingColumn Column => new(Name, Type, InTable);

        // The field under which a rule of a domain is reported where several columns have the domain.
        public string Rule => $"{InTable}_check";
    }
}
