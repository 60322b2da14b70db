using System.IO.Compression;
using System.Text;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary><c>audit values</c>: each field of each record, as sent, as mapped, as stored.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class ValueAuditTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly string[] JsonNames = ["entity", "bubbleId", "bubbleField", "column", "raw", "mapped", "stored", "verdict"];

    private const string Head = "entity,bubble_id,bubble_field,column,raw,mapped,stored,verdict";

    [Fact]
    public async Task Of_generated_data_every_value_is_the_same_or_absent_after_a_resync()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new() { Invoices = 40 });
        await fixture.ResyncAsync();
        var before = await fixture.SnapshotAsync();

        var (report, lines) = await AuditAsync(fixture, new());

        Assert.Equal(0L, report.ByVerdict[ValueVerdict.Differs] + report.ByVerdict[ValueVerdict.Rejected] + report.ByVerdict[ValueVerdict.RowMissing]);
        Assert.Equal(Maps.All.Sum(m => fixture.Bubble.Records.Count(m.Type) * m.Fields.Count), report.Rows);
        Assert.Equal(report.Rows
            + 1, lines.Count(line => line.StartsWith("entity,", StringComparison.Ordinal)
                || Maps.All.Any(m => line.StartsWith(m.Name + ",1", StringComparison.Ordinal))));
        Assert.Equal(before, await fixture.SnapshotAsync());
        Assert.Empty(await fixture.StagingAsync());
    }

    [Fact]
    public async Task Each_verdict_comes_with_the_value_as_sent_as_mapped_and_as_stored()
    {
        await using var fixture = await PlantedAsync();

        var (report, lines) = await AuditAsync(fixture, new() { Entities = ["agent"] });

        Assert.Equal(
            [
                $"agent,,_id,bubble_id,no id,,,rejected",
                $"agent,{SyncFixture.Id(1)},Commission,commission, 7 ,7,5,differs", $"agent,{SyncFixture.Id(1)},Name,name,,,Ann,absent-kept",
                $"agent,{SyncFixture.Id(1)},Slug,slug,null,,,same",
                $"agent,{SyncFixture.Id(2)},Commission,commission,twelve,,5,rejected", $"agent,{SyncFixture.Id(2)},Name,name,Ann,Ann,Ann,same",
                $"agent,{SyncFixture.Id(2)},Slug,slug,,,,absent-kept",
                $"agent,{SyncFixture.Id(3)},Commission,commission,1.20e1,12,,row-missing", $"agent,{SyncFixture.Id(3)},Name,name,Bob,Bob,,row-missing",
                $"agent,{SyncFixture.Id(3)},Slug,slug,,,,row-missing",
            ],
            lines.Where(l => l.Contains(",_id,bubble_id,no id", StringComparison.Ordinal) || l.Split(',')[2] is "Commission" or "Name" or "Slug"));
        Assert.Equal(lines.Skip(1).Select(Key).Order(StringComparer.Ordinal), lines.Skip(1).Select(Key));
        Assert.Equal((2L, Maps.Of("agent").Fields.Count), (report.ByVerdict[ValueVerdict.Rejected], report.ByVerdict[ValueVerdict.RowMissing]));
    }

    [Fact]
    public async Task Only_one_verdict_and_only_what_was_modified_since()
    {
        await using var fixture = await PlantedAsync();

        var (differing, lines) = await AuditAsync(fixture, new() { Entities = ["agent"], Only = ValueVerdict.Differs });
        var (recent, _) = await AuditAsync(fixture, new() { Entities = ["agent"], Since = DateTimeOffset.Parse(SyncFixture.Late, null) });

        Assert.Equal([Head, $"agent,{SyncFixture.Id(1)},Commission,commission, 7 ,7,5,differs", $"agent,{SyncFixture.Id(1)},Modified "
            + $"Date,modified_date,{SyncFixture.Late},2026-04-01T09:30:00.250000Z,2026-03-01T08:00:00.000000Z,differs"], lines);
        Assert.Equal((2L, 7L), (differing.Rows, differing.ByVerdict[ValueVerdict.Same]));
        Assert.Equal((1L, false), (recent.Entities[0].Records, recent.Entities[0].Proof!.IsComplete));
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+60123", "'+60123")]
    [InlineData("-x", "'-x")]
    [InlineData("@a", "'@a")]
    [InlineData("\\tx", "'\tx")]
    [InlineData("-5", "-5")]
    [InlineData("-5.25e3", "-5.25e3")]
    [InlineData("5=5", "5=5")]
    public async Task A_text_that_a_spreadsheet_takes_for_a_formula_is_defused_unless_told_otherwise(string name, string cell)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, $"\"Name\": \"{name}\""));
        await fixture.ResyncAsync("agent");

        var (_, defused) = await AuditAsync(fixture, new() { Entities = ["agent"] });
        var (_, plain) = await AuditAsync(fixture, new() { Entities = ["agent"], Formulas = true });

        var raw = name.Replace("\\t", "\t", StringComparison.Ordinal);
        Assert.Contains($"agent,{SyncFixture.Id(1)},Name,name,{cell},{cell},{cell},same", defused);
        Assert.Contains($"agent,{SyncFixture.Id(1)},Name,name,{raw},{raw},{raw},same", plain);
    }

    [Fact]
    public async Task The_value_that_counts_is_looked_up_as_the_mapper_does()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, "\"Amount\": 5, \"Linked Payment\": [\"1x1\", null, \"1x2\"], \"logs\": \"a, "
            + "\\\"b\\\"\\nc\""));
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Early, "\"Total Amount\": 7.50, \"Amount\": 5"));
        await fixture.ResyncAsync("invoice");
        await fixture.ExecuteAsync($"update invoice set linked_payment = '{{1x1,1x2,1x3}}' where bubble_id = '{SyncFixture.Id(1)}'");

        var (_, lines) = await AuditAsync(fixture, new() { Entities = ["invoice"], Only = ValueVerdict.Same });

        Assert.Contains($"invoice,{SyncFixture.Id(1)},Total Amount,total_amount,5,5,5,same", lines);
        Assert.Contains($"invoice,{SyncFixture.Id(2)},Total Amount,total_amount,7.50,7.50,7.50,same", lines);
        Assert.Contains($"invoice,{SyncFixture.Id(1)},Linked Payment,linked_payment,\"[\"\"1x1\"\", null, "
            + "\"\"1x2\"\"]\",\"[\"\"1x1\"\",\"\"1x2\"\"]\",\"[\"\"1x1\"\",\"\"1x2\"\",\"\"1x3\"\"]\",same", lines);
    }

    [Fact]
    public async Task The_program_writes_to_stdout_to_a_file_and_compressed_the_same_each_time()
    {
        await using var fixture = await PlantedAsync();
        var folder = fixture.Folder([]);
        var (plain, compressed) = (Path.Combine(folder, "values.csv"), Path.Combine(folder, "values.csv.gz"));

        var stdout = await Bubblesync.RunAsync(fixture, "audit", "values", "--entity", "agent");
        var file = await Bubblesync.RunAsync(fixture, "audit", "values", "--entity", "agent", "--csv", plain);
        var json = await Bubblesync.RunAsync(fixture, "audit", "values", "--entity", "agent", "--csv", compressed, "--output", "json");

        Assert.Equal((0, 0, 0), (stdout.Code, file.Code, json.Code));
        await using var unpacked = new GZipStream(File.OpenRead(compressed), CompressionMode.Decompress);
        using var reader = new StreamReader(unpacked, Encoding.UTF8);
        var text = await File.ReadAllTextAsync(plain, fixture.Limit);
        Assert.Equal(text, await reader.ReadToEndAsync(fixture.Limit));
        Assert.Equal(text, stdout.Output);
        Assert.Equal(text.Split("\r\n").Length - 2, json.Json.GetProperty("rows").GetInt32());
        Assert.Equal(2, json.Json.GetProperty("byVerdict").GetProperty("rejected").GetInt32());
        Assert.Contains($"values are in {plain}", file.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_program_writes_one_JSON_document_whose_counts_are_of_all_rows_whichever_are_written()
    {
        await using var fixture = await PlantedAsync();

        var csv = await Bubblesync.RunAsync(fixture, "audit", "values", "--entity", "agent", "--only", "differs");
        var json = await Bubblesync.RunAsync(fixture, "audit", "values", "--entity", "agent", "--only", "differs", "--output", "json");

        Assert.Equal((0, 0), (csv.Code, json.Code));
        Assert.Equal(
            csv.Output.Split("\r\n")[1..^1],
            json.Json.GetProperty("rows").EnumerateArray().Select(r => string.Join(',', JsonNames.Select(n => r.GetProperty(n).GetString()))));
        Assert.Equal(2, json.Json.GetProperty("byVerdict").GetProperty("rejected").GetInt32());
        Assert.Equal(json.Json.GetProperty("rows").GetArrayLength(), json.Json.GetProperty("entities")[0].GetProperty("rows").GetInt32());
    }

    [Fact]
    public async Task A_JSON_document_is_whole_though_the_audit_failed()
    {
        await using var fixture = await PlantedAsync();

        var json = await Bubblesync.RunAsync(fixture, [("Bubble__ApiToken", "wrong")], "audit", "values", "--entity", "agent", "--output", "json");

        Assert.Equal(3, json.Code);
        Assert.Equal(0, json.Json.GetProperty("rows").GetArrayLength());
        Assert.Contains("refused the token", json.Json.GetProperty("errors")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    // 1 newer in Bubble with another commission, no name and a null; 2 does not convert; 3 has no row; one without an id.
    private async Task<SyncFixture> PlantedAsync()
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in new[] { 1, 2 })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, "\"Name\": \"Ann\", \"Commission\": 5"));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Commission\": \" 7 \", \"Slug\": null"));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Name\": \"Ann\", \"Commission\": \"twelve\""));
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Early, "\"Name\": \"Bob\", \"Commission\": 1.20e1"));
        fixture.Put("agent", """{"_id": "no id", "Created Date": "2026-02-02T00:00:00.000Z"}""");
        return fixture;
    }

    private static string Key(string line) => string.Join('\u0001', line.Split(',')[..4]);

    private static async Task<(ValueAuditReport Report, List<string> Lines)> AuditAsync(SyncFixture fixture, ValueAuditOptions options)
    {
        using var output = new MemoryStream();
        var report = await fixture.Engine().AuditValuesAsync(options with { Output = output }, null, fixture.Limit);
        return (report, [.. Encoding.UTF8.GetString(output.ToArray()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries)]);
    }
}
