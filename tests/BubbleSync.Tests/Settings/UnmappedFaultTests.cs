using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Settings;

/// <summary>What is wrong with <c>unmapped</c> and <c>ignore</c>: said with all other faults, before anything is read.</summary>
public sealed class UnmappedFaultTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public void Columns_and_names_that_have_another_use_are_named_with_the_faults_of_all_files()
    {
        using var folder = new ConfigFolder();
        folder.Write("a.json", Map("a", "\"unmapped\": \"bubble_id\", \"ignore\": [\"_id\", \"Slug\", \"X\", \"Y\", \"Y\"],"));
        folder.Write("b.json", Map("b", "\"unmapped\": \"updated_at\","));
        folder.Write("c.json", Map("c", "\"unmapped\": \"x\", \"ignore\": \"Y\","));
        folder.Write("d.json", Map("d", "\"unmapped\": \" \", \"ignore\": [],"));
        folder.Write("e.json", Map("e", "\"unmapped\": \"y\", \"ignore\": [\"y\", \"Z\"],"));

        const string Own = "Name a column of its own for the fields that no line reads.";
        const string Out = "Take the name out of \"ignore\", or out of that line.";
        Assert.Equal(
            [
                $"a.json: ignore: 'X' is read into column 'x'. {Out}", $"a.json: ignore: 'Y' is read into column 'x'. {Out}",
                $"a.json: ignore: '_id' is read into column 'bubble_id'. {Out}", $"a.json: unmapped: column 'bubble_id' is the key. {Own}",
                $"b.json: unmapped: column 'updated_at' is written with a time by every sync. {Own}",
                $"c.json: ignore: 'Y' is read into column 'x'. {Out}", $"c.json: unmapped: column 'x' is written from 'X'. {Own}",
                "d.json: ignore: a text or a list of texts is expected here.", "d.json: unmapped: a text that is not blank is expected here.",
            ],
            folder.MapFaults().Select(f => f.Message).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(null, "column-missing", "Table 'thing' has no column 'other_fields', which thing.json names for unmapped fields. Add it: alter table "
        + "\"public\".\"thing\" add column \"other_fields\" jsonb; or take \"unmapped\" out of the map.")]
    [InlineData("text", "column-misfit", "is text, which cannot hold every jsonb. A field of type jsonb fits jsonb, json")]
    [InlineData("text", "column-misfit", "Or name another column under \"unmapped\" in thing.json.")]
    [InlineData("jsonb not null default '{}'", "column-misfit", "is not null, but a record without unmapped fields stores NULL in it. Change it: alter table")]
    [InlineData("jsonb generated always as ('{}'::jsonb) stored", "column-misfit", "Take \"unmapped\" out of thing.json, or let runs write the column.")]
    public async Task A_column_that_cannot_hold_them_stops_a_run_with_the_statement_that_fixes_it(string? column, string code, string message)
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres, column: column ?? "jsonb");
        if (column is null)
            await fixture.ExecuteAsync("alter table thing drop column other_fields");
        fixture.PutThing(1, "\"QTY\": 1, \"A\": 1");

        var error = Assert.Single((await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync("thing"))).Errors);
        var requests = fixture.Bubble.Traffic.Requests;
        var audit = await fixture.Engine().AuditSchemaAsync(new SchemaAuditOptions(), fixture.Limit);
        await fixture.ExecuteAsync(Assert.Single(audit.Findings, f => f is { Entity: "thing", Column: "other_fields", Ddl: not null }).Ddl!);
        var run = await fixture.ResyncAsync("thing");

        Assert.Equal((0, code, "other_fields"), (requests, Word.Of(error.Code), error.Field));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal((RunStatus.Succeeded, "{\"A\": 1}"), (run.Status, await fixture.RowAsync(UnmappedThing.Kept)));
    }

    [Fact]
    public async Task A_name_that_staging_needs_is_refused()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres);
        fixture.WithMap("thing", _ => UnmappedThing.Map().Replace("other_fields", "_read", StringComparison.Ordinal));

        var refused = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync("thing"));

        Assert.StartsWith("thing.json: unmapped: column '_read': staging has a column of this name", refused.Errors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ignored_field_is_never_read_because_its_name_is_like_that_of_a_line()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres, "\"ignore\": \"qty!\",");
        fixture.Bubble.Records.Declare("thing", "qty!", "number");
        fixture.PutThing(1, "\"qty!\": 5");

        await fixture.ResyncAsync("thing");

        Assert.Equal("~|~", await fixture.RowAsync("select qty, other_fields from thing"));
    }

    private static string Map(string name, string words) => $$"""
        { "name": "{{name}}", "bubbleType": "{{name}}", "table": "{{name}}", "key": "bubble_id", {{words}} "fields": [
          { "column": "bubble_id", "type": "text", "from": "_id" }, { "column": "modified_date", "type": "timestamptz", "from": "Modified Date" },
          { "column": "x", "type": "text", "from": "X", "fallback": "Y" } ] }
        """;
}
