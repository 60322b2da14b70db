using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary><c>audit fields</c>: each field as Bubble sends it beside what the table has of it.</summary>
public sealed class FieldAuditTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Map = """
        { "name": "thing", "bubbleType": "thing", "table": "thing", "key": "bubble_id", "fields": [
          { "column": "bubble_id", "type": "text", "from": "_id" }, { "column": "modified_date", "type": "timestamptz", "from": "Modified Date" },
          { "column": "qty", "type": "integer", "from": ["QTY", "Quantity"] }, { "column": "amount", "type": "numeric", "from": "Total", "fallback": "Amount" },
          { "column": "lost", "type": "text", "from": "Lost" }, { "column": "never", "type": "text", "from": "Never" } ] }
        """;

    [Fact]
    public async Task Each_kind_of_field_is_told_with_its_counts_and_shapes_sorted()
    {
        await using var fixture = await PlantedAsync();

        var report = await AuditAsync(fixture, "thing");

        Assert.Empty(report.Warnings);
        Assert.Equal(
            [
                "Amount amount numeric mapped 4 2 2 0: number", "Created Date   unmapped 4 4 0 0: date", "Lost lost text column-missing 4 2 0 0: text(3)",
                "Modified Date modified_date timestamptz mapped 4 4 3 0: date",
                "Never never text absent-in-bubble 4 0 0 0: ", "New!   unmapped 4 3 0 0: text(3) list(2) null",
                "QTY qty integer mapped 4 3 2 1: text(6) number", "Total amount numeric mapped 4 1 2 0: blank", "_id bubble_id text mapped 4 4 3 0: id",
                " created_at timestamp with time zone local-only 4 0 3 0: ", " extra text local-only 4 0 0 0: ",
                " last_synced_at timestamp with time zone local-only 4 0 3 0: ", " updated_at timestamp with time zone local-only 4 0 3 0: ",
            ],
            report.Rows.Where(r => r.Column != "deleted_in_bubble_at").Select(
                r => $"{r.BubbleField} {r.Column} {r.Type} {Word.Of(r.Status)} {r.Seen} {r.Present} {r.Stored} {r.Failed}: {string.Join(' ', r.Shapes)}"));
    }

    [Fact]
    public async Task Coverage_counts_what_is_read_back_not_what_is_mapped()
    {
        await using var fixture = await PlantedAsync();

        var report = await AuditAsync(fixture, "thing");

        var coverage = Assert.Single(report.Coverage);
        // Sent: Amount 1, Created Date 0, Lost 0, Modified Date 3/4, New! 0, QTY 2/3, _id 3/4; Total holds a blank only, Never is not sent.
        Assert.Equal(new FieldCoverage("thing", 9, 7, 4, 4, 45.2m, null), coverage);
        Assert.DoesNotContain("published", report.ToJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null", 1, 80.0)]
    [InlineData("case when bubble_id < '{0}' then name end", 2, 90.0)]
    [InlineData("name", 2, 100.0)]
    public async Task A_field_counts_by_the_part_of_it_that_is_stored(string kept, int stored, double percent)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(0, 10))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, "\"Name\": \"Ann\", \"Slug\": \"a\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"update agent set name = {string.Format(null, kept, SyncFixture.Id(5))}");

        var report = await AuditAsync(fixture, "agent");

        Assert.Equal((5, 5, stored + 3, (decimal)percent), (report.Total.Sent, report.Total.Mapped, report.Total.Stored, report.Total.Percent));
    }

    [Fact]
    public async Task Nothing_less_than_everything_is_called_100()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(0, 1000))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, "\"Name\": \"Ann\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"update agent set name = null where bubble_id = '{SyncFixture.Id(7)}'");

        Assert.Equal(99.9m, (await AuditAsync(fixture, "agent")).Total.Percent);
    }

    [Fact]
    public async Task What_was_published_stands_beside_it_and_in_total_only_where_every_entity_has_it()
    {
        await using var fixture = await PlantedAsync();

        var (some, all) = (await AuditAsync(fixture, "agent", "customer", "thing"), await AuditAsync(fixture, "customer", "agent"));

        Assert.Equal([new PublishedCoverage(14, 14), new PublishedCoverage(10, 11), null], some.Coverage.Select(c => c.Published));
        Assert.Null(some.Total.Published);
        Assert.Equal(("agent", "customer", new PublishedCoverage(24, 25)), (all.Coverage[0].Entity, all.Coverage[1].Entity, all.Total.Published));
        Assert.Equal((all.Coverage.Sum(c => c.Known), all.Coverage.Sum(c => c.Sent)), (all.Total.Known, all.Total.Sent));
    }

    [Fact]
    public async Task What_is_read_again_is_not_counted_twice()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).With(pageSize: 20);
        foreach (var number in Enumerable.Range(1, 100))
            fixture.Put("agent", SyncFixture.Record(
                number, SyncFixture.Early, "\"Name\": \"Ann\", \"Commission\": \"none\"", created: $"2026-02-01T00:00:{number % 60:00}.{number:000}Z"));
        var deleted = false;
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            if (request is { Type: "agent", Cursor: 40 } && !deleted)
                deleted = fixture.Bubble.Records.Delete("agent", SyncFixture.Id(5));
            return Task.CompletedTask;
        };

        var name = (await AuditAsync(fixture, "agent")).Rows.Where(r => r.BubbleField is "Name" or "Commission").ToList();

        Assert.True(deleted);
        Assert.Equal([(99L, 99L, 99L), (99L, 99L, 0L)], name.Select(r => (r.Seen, r.Present, r.Failed)));
    }

    [Fact]
    public async Task A_record_that_changes_while_it_is_read_is_counted_once()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        for (var number = 1; number <= 40; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Name\": \"Ann\", \"Commission\": {(number == 7 ? "\"much\"" : "5")}"));
        var isEdited = false;
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            // After the windows, before what changed since.
            if (request.Constraints.Contains("Modified Date", StringComparison.Ordinal) && !isEdited)
            {
                isEdited = true;
                var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null);
                foreach (var number in new[] { 7, 8, 9 })
                    fixture.Put("agent", SyncFixture.Record(number, now, "\"Name\": \"Bob\", \"Commission\": \"more\""));
            }

            return Task.CompletedTask;
        };

        var rows = (await AuditAsync(fixture, "agent")).Rows;

        Assert.True(isEdited);
        Assert.Equal([(40L, 40L, 1L), (40L, 40L, 0L)], rows.Where(r => r.BubbleField is "Commission" or "Name").Select(r => (r.Seen, r.Present, r.Failed)));
    }

    [Fact]
    public async Task What_cannot_be_shown_to_be_everything_is_counted_and_said()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new() { Invoices = 0, Faults = ["remaining-absent"] });
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));

        var report = await AuditAsync(fixture, "agent");
        var text = await Bubblesync.RunAsync(fixture, "audit", "fields", "--entity", "agent");

        Assert.Equal(1, report.Rows.Single(r => r.BubbleField == "Name").Present);
        Assert.NotEmpty(report.Warnings);
        Assert.All(report.Warnings, w => Assert.StartsWith("agent: not shown to be complete: ", w, StringComparison.Ordinal));
        Assert.Contains($"warning: {report.Warnings[0]}", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_program_prints_it_as_a_table_JSON_and_CSV_to_which_shapes_come_only_when_asked_for()
    {
        await using var fixture = await PlantedAsync();
        var (plain, shaped) = (Path.Combine(fixture.Folder([]), "plain.csv"), Path.Combine(fixture.Folder([]), "shaped.csv"));

        var text = await Bubblesync.RunAsync(
            fixture, [("Run__Entities", fixture.Settings.Run.Entities)], "audit", "fields", "--entity", "thing", "--csv", plain);
        var json = await Bubblesync.RunAsync(
            fixture, [("Run__Entities", fixture.Settings.Run.Entities)], "audit", "fields", "--entity", "thing", "--csv", shaped, "--shapes",
            "--output", "json");

        Assert.Equal((0, 0), (text.Code, json.Code));
        Assert.Equal(["entity,bubble_field,column,type,status,seen,present,stored,failed", "thing,Amount,amount,numeric,mapped,4,2,2,0"], File.ReadLines(plain)
            .Take(2));
        Assert.Equal([
            "entity,bubble_field,column,type,status,seen,present,stored,failed,shapes", "thing,QTY,qty,integer,mapped,4,3,2,1,text(6) number",
        ], File.ReadLines(shaped).Where((_, line) => line is 0 or 7));
        Assert.Equal(["text(3)", "list(2)", "null"], json.Json.GetProperty("rows").EnumerateArray()
            .Single(r => r.GetProperty("bubbleField").GetString() == "New!").GetProperty("shapes").EnumerateArray().Select(s => s.GetString()));
        Assert.Equal((45.2m, 45.2m),
            (json.Json.GetProperty("total").GetProperty("percent").GetDecimal(), json.Json.GetProperty("coverage")[0].GetProperty("percent").GetDecimal()));
        Assert.Contains("text(3) list(2) null", text.Output, StringComparison.Ordinal);
        Assert.Matches(@"total +9 +7 +4 +4 +45\.2 %", text.Output);
        Assert.DoesNotContain("published", text.Output, StringComparison.Ordinal);
    }

    // Four records, of which one does not convert and is not stored; a field that no map names, one whose column is gone, one that is never sent.
    private async Task<SyncFixture> PlantedAsync()
    {
        var fixture = (await SyncFixture.OpenAsync(postgres, tables: false)).WithMaps(("thing.json", _ => Map));
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Early, "\"QTY\": 1, \"Amount\": 1.50, \"Lost\": \"abc\", \"New!\": \"äöü\""));
        fixture.Put("thing", SyncFixture.Record(2, SyncFixture.Early, "\"Quantity\": 2, \"Total\": \" \", \"Amount\": 2, \"Lost\": \"abc\", \"New!\": null"));
        fixture.Put("thing", SyncFixture.Record(3, SyncFixture.Early, "\"New!\": [1, 2]"));
        fixture.Put("thing", SyncFixture.Record(4, SyncFixture.Early, "\"QTY\": \"twelve\""));
        await fixture.ResyncAsync("thing");
        await fixture.ExecuteAsync("alter table thing drop column lost; alter table thing add column extra text");
        return fixture;
    }

    private static Task<FieldAuditReport> AuditAsync(SyncFixture fixture, params string[] entities) =>
        fixture.Engine().AuditFieldsAsync(entities, null, fixture.Limit);
}
