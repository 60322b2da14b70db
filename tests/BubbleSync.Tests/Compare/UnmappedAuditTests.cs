using System.Text;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary>The column of unmapped fields, and fields that a map ignores, in the audits and in <c>doctor</c>.</summary>
public sealed class UnmappedAuditTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task All_that_Bubble_sends_is_covered_and_each_field_counts_the_rows_that_keep_it()
    {
        await using var fixture = await PlantedAsync();

        var report = await AuditAsync(fixture);

        Assert.Equal(
            [
                "Contact phone mapped 2 3", "New! other_fields unmapped 2 2", "Noise  unmapped 1 0 ignored", "Whatsapp phone mapped 2 3",
                "authentication email mapped 2 1", "authentication other_fields unmapped 2 2",
            ],
            report.Rows.Where(r => r.BubbleField is "Contact" or "New!" or "Noise" or "Whatsapp" or "authentication")
                .Select(r => $"{r.BubbleField} {r.Column} {Word.Of(r.Status)} {r.Present} {r.Stored}{(r.Ignored ? " ignored" : "")}"));
        Assert.Equal(new FieldCoverage("thing", 8, 8, 8, 8, 100m, null), Assert.Single(report.Coverage));
    }

    [Fact]
    public async Task What_the_object_lost_counts_against_it()
    {
        await using var fixture = await PlantedAsync();
        await fixture.ExecuteAsync($"update thing set other_fields = other_fields - 'New!' where bubble_id = '{SyncFixture.Id(1)}'");
        await fixture.ExecuteAsync($"update thing set other_fields = '[\"authentication\"]' where bubble_id = '{SyncFixture.Id(2)}'");

        var report = await AuditAsync(fixture);

        Assert.Equal((2L, 1L), report.Rows.Where(r => r.BubbleField == "New!").Select(r => (r.Present, r.Stored)).Single());
        Assert.Equal(87.5m, report.Total.Percent);
    }

    [Fact]
    public async Task Without_its_column_the_audit_counts_nothing_as_kept()
    {
        await using var fixture = await PlantedAsync();
        await fixture.ExecuteAsync("alter table thing drop column other_fields");

        var field = (await AuditAsync(fixture)).Rows.Single(r => r.BubbleField == "New!");

        Assert.Equal((FieldStatus.Unmapped, "", 0L), (field.Status, field.Column, field.Stored));
    }

    [Fact]
    public async Task Names_that_are_data_are_counted_together()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(0, 5))
            fixture.PutThing(number, string.Join(',', Enumerable.Range(number * 500, 500).Select(n => $"\"n{n}\": {n}")));
        await fixture.ResyncAsync("thing");

        var report = await AuditAsync(fixture);

        Assert.Equal(100m, report.Total.Percent);
        Assert.Single(report.Rows, r => r is { BubbleField: "(further names)", Column: "other_fields", Stored: > 0 });
        Assert.Equal(2500, await fixture.ScalarAsync<long>("select count(*) from thing, jsonb_object_keys(other_fields)"));
    }

    [Fact]
    public async Task The_audit_of_values_shows_the_column_as_one_value()
    {
        await using var fixture = await PlantedAsync();
        await fixture.ExecuteAsync($"update thing set other_fields = null where bubble_id = '{SyncFixture.Id(2)}'");
        using var output = new MemoryStream();

        await fixture.Engine().AuditValuesAsync(new ValueAuditOptions { Entities = ["thing"], Output = output }, null, fixture.Limit);

        var lines = Encoding.UTF8.GetString(output.ToArray()).Split("\r\n").Where(l => l.Contains(",(unmapped),", StringComparison.Ordinal))
            .Select(l => l.Replace("\"", "", StringComparison.Ordinal).Replace("thing,1769904000000x", "", StringComparison.Ordinal));
        Assert.Equal(
            [
                "100000000000000001,(unmapped),other_fields,{New!:1.50,Whatsapp:3},{New!: 1.50, Whatsapp: 3},{New!: 1.50, Whatsapp: 3},same",
                "100000000000000002,(unmapped),other_fields,{authentication:{email: null}},{authentication: {email: null}},,differs",
                "100000000000000003,(unmapped),other_fields,{authentication:{email:{email:a@b}},New!:2},{New!: 2, authentication: {email: {email: a@b}}},"
                    + "{New!: 2, authentication: {email: {email: a@b}}},same",
                "100000000000000004,(unmapped),other_fields,,,,same",
            ],
            lines);
    }

    [Fact]
    public async Task The_audit_of_the_schema_says_that_they_are_kept_and_proposes_no_column()
    {
        await using var fixture = await PlantedAsync();
        var file = Path.Combine(fixture.Settings.Run.Entities, "thing.json");
        var map = await File.ReadAllTextAsync(file);

        var report = await fixture.Engine().AuditSchemaAsync(new SchemaAuditOptions { WriteMaps = true }, fixture.Limit);
        var text = await Bubblesync.RunAsync(fixture, [("Run__Entities", fixture.Settings.Run.Entities)], "audit", "schema");

        var findings = report.Findings.Where(f => f is { Entity: "thing", Finding: not SchemaFindingKind.FieldGone }).ToList();
        Assert.Contains(findings, f => f is { BubbleField: "New!", Column: "other_fields", Ddl: null, Finding: SchemaFindingKind.FieldKept }
            && f.Message.Contains("For a column of its own, add: { \"column\": \"new\", \"type\": \"numeric\", \"from\": ", StringComparison.Ordinal));
        Assert.All(findings, f => Assert.Equal(SchemaFindingKind.FieldKept, f.Finding));
        Assert.DoesNotContain(findings, f => f.BubbleField == "Noise");
        Assert.Equal(map, await File.ReadAllTextAsync(file));
        Assert.Matches(@", \d others? (is|are) kept unmapped; \d+ findings", text.Output);
    }

    [Fact]
    public async Task The_doctor_finds_nothing_wrong_with_a_map_that_only_keeps_or_ignores_what_is_sent()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres);
        fixture.PutThing(1, "\"A\": 1, \"B\": 2");
        const string Own = """
            { "column": "bubble_id", "type": "text", "from": "_id" }, { "column": "modified_date", "type": "timestamptz", "from": "Modified Date" }
            """;
        string Map(string words) => $$"""
            { "name": "thing", "bubbleType": "thing", "table": "thing", "key": "bubble_id", {{words}} "fields": [ {{Own}} ] }
            """;

        var statuses = new List<(CheckStatus, RunStatus)>();
        foreach (var words in new[] { "\"unmapped\": \"other_fields\",", "\"ignore\": [\"A\", \"B\"],", "\"ignore\": [\"A\"]," })
        {
            fixture.WithMap("thing", _ => Map(words));
            var names = (await fixture.Engine().ExamineAsync(fixture.Limit)).Checks.Single(c => c.Name == "field names");
            statuses.Add((names.Status, (await fixture.ResyncAsync("thing")).Status));
        }

        Assert.Equal([(CheckStatus.Ok, RunStatus.Succeeded), (CheckStatus.Ok, RunStatus.Succeeded), (CheckStatus.Failed, RunStatus.Partial)], statuses);
    }

    // One that loses a name of a line, one of whose object nothing is found at the path, one with both, one with nothing unmapped.
    private async Task<SyncFixture> PlantedAsync()
    {
        var fixture = await UnmappedThing.OpenAsync(postgres, "\"ignore\": \"Noise\",");
        fixture.PutThing(1, "\"New!\": 1.50, \"Mobile\": \"2\", \"Whatsapp\": \"3\", \"Noise\": 1");
        fixture.PutThing(2, "\"Whatsapp\": \"4\", \"authentication\": {\"email\": null}");
        fixture.PutThing(3, "\"Contact\": \"5\", \"authentication\": {\"email\":{\"email\":\"a@b\"}}, \"New!\": 2");
        fixture.PutThing(4, "\"QTY\": 1");
        await fixture.ResyncAsync("thing");
        return fixture;
    }

    private static Task<FieldAuditReport> AuditAsync(SyncFixture fixture) => fixture.Engine().AuditFieldsAsync(["thing"], null, fixture.Limit);
}
