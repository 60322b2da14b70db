using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>Columns of types that store no field: the run and doctor name them before anything is read from Bubble.</summary>
public sealed class RefusedTypeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Setup =
        """
        create extension hstore;
        create type mood as enum ('calm');
        create type pair as (a text, b text);
        create schema other;
        create type other.text as (a integer);
        create type other.date as range (subtype = float8);
        create domain amount as money;
        create domain words as text[];
        """;

    private static readonly (string Type, string Column, string Reason)[] Refused =
    [
        ("numeric", "money", "lc_monetary"), ("numeric", "amount", "amount (a domain over money), which cannot hold every numeric. How money"),
        ("integer", "money", "lc_monetary"),
        ("numeric", "integer", "A field of type integer fits it."), ("numeric", "text", "A field of type numeric fits numeric, double precision, "
            + "real, or a domain"),
        ("integer", "boolean", "A field of type integer fits smallint"), ("integer", "oid", "oid"),
        ("boolean", "integer", "A field of type boolean fits boolean"), ("boolean", "bit(1)", "bit(1)"),
        ("timestamptz", "time", "time without time zone"), ("timestamptz", "interval(3)", "interval(3)"),
        ("timestamptz", "text", "A field of type timestamptz fits timestamp with time zone"),
        ("timestamptz", "other.date", "other.date"),
        ("text", "point", "A field of type text fits text, character varying, character, citext, enum, uuid, or a domain"), ("text", "bytea", "bytea"),
        ("text", "inet", "inet"), ("text", "hstore", "hstore"),
        ("text", "xml", "xml"), ("text", "tsvector", "tsvector"), ("text", "pair", "pair"), ("text", "int4range", "int4range"), ("text", "jsonb", "jsonb"),
        ("text", "\"char\"", "\"char\""),
        ("text", "name", "is name,"), ("text", "other.text", "other.text"), ("text", "text[]", "text[]"), ("url", "bytea", "A field of type url fits text"),
        ("text[]", "mood[]", "mood[]"), ("text[]", "integer[]", "integer[]"), ("text[]", "uuid[]", "uuid[]"), ("text[]", "char(3)[]", "character(3)[]"),
        ("text[]", "text", "A field of type text[] fits text[]"),
        ("text[]", "words[]", "words[]"), ("jsonb", "text", "A field of type jsonb fits jsonb, json"), ("jsonb", "hstore", "hstore"),
    ];

    [Fact]
    public async Task A_column_of_any_other_type_is_named_with_what_fits_before_anything_is_read()
    {
        await using var fixture = await ThingTable.OpenAsync(postgres, [], Setup);
        foreach (var (type, column, reason) in Refused)
        {
            var value = new ThingColumn("value", type, column);
            fixture.WithMaps(("thing.json", _ => ThingTable.Map([value])));
            await fixture.ExecuteAsync($"drop table thing; {ThingTable.Create([value])}");

            await RefusedAsync(fixture, $"{type} in {column}", "'value'", reason);
        }
    }

    [Theory]
    [InlineData("key", "uuid", "which cannot hold Bubble's ids")]
    [InlineData("key", "mood", "which cannot hold Bubble's ids")]
    [InlineData("clock", "date", "is date")]
    [InlineData("clock", "text", "is text")]
    public async Task A_key_holds_ids_and_a_clock_holds_times(string which, string type, string reason)
    {
        await using var fixture = await ThingTable.OpenAsync(
            postgres, [], Setup, clocks: which == "clock" ? type : "timestamp", key: which == "key" ? type : "text");

        await RefusedAsync(fixture, which, which == "key" ? "'bubble_id'" : "'deleted_in_bubble_at'", reason);
    }

    private static async Task RefusedAsync(SyncFixture fixture, string what, string column, string reason)
    {
        fixture.Bubble.Traffic.Reset();
        var failure = await Record.ExceptionAsync(() => fixture.ResyncAsync("thing")) as SyncException;
        var requests = fixture.Bubble.Traffic.Requests;
        var report = await fixture.Engine().ExamineAsync(fixture.Limit);

        Assert.True(failure is { IsUsage: false }, $"{what} is accepted");
        var error = Assert.Single(failure!.Errors, e => e.Message.Contains(column, StringComparison.Ordinal));
        Assert.Equal((what, ErrorCode.ColumnMisfit), (what, error.Code));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains(report.Checks, c => c.Status == CheckStatus.Failed && c.Message.Contains(reason, StringComparison.Ordinal));
        Assert.Equal((what, 0), (what, requests));
    }
}
