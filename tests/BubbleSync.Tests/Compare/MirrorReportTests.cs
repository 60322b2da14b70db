using System.Text.Json;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Reports;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary><c>report</c>: a run and the mirror's state in files for people.</summary>
public sealed class MirrorReportTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Markup = "<script>alert(1)</script>";

    [Fact]
    public async Task The_files_show_the_run_and_every_finding_and_nothing_of_it_is_markup()
    {
        await using var fixture = await PlantedAsync();
        await fixture.Bubble.DisposeAsync();
        var (book, page) = (Path.Combine(fixture.Folder([]), "r.xlsx"), Path.Combine(fixture.Folder([]), "r.html"));

        var outcome = await Bubblesync.RunAsync(
            fixture, [], new Dictionary<string, string> { ["TZ"] = "Asia/Kuala_Lumpur" }, "report", "--xlsx", book, "--html", page, "--output", "json");

        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        var json = outcome.Json;
        Assert.Equal(("verify", 1L, 1L, 3L, book), (
            json.GetProperty("run").GetProperty("kind").GetString(), Number(json, "rejectedFields"), Number(json, "orphanedReferences"),
            Number(json, "differences"), json.GetProperty("xlsxFile").GetString()));
        var csv = Path.Combine(fixture.Folder([]), "r.csv");
        var rejected = await Bubblesync.RunAsync(fixture, "runs", "rejected", "last", "--csv", csv, "--excel");
        Assert.Equal(0, rejected.Code);
        Assert.StartsWith($"\ufeffentity,bubble_id,field,reason,raw\r\n\"=\"\"agent\"\"\",\"=\"\"{SyncFixture.Id(2)}\"\"\",",
            System.Text.Encoding.UTF8.GetString(await File.ReadAllBytesAsync(csv)), StringComparison.Ordinal);
        await using var file = File.OpenRead(book);
        Check(WorkbookFile.Read(file));
        var text = await File.ReadAllTextAsync(page);
        Assert.DoesNotContain("<script", text, StringComparison.Ordinal);
        Assert.DoesNotContain("http", text, StringComparison.Ordinal);
        string[] expected =
        [
            "&lt;script&gt;alert(1)&lt;/script&gt;", "did not convert", "Asia/Kuala_Lumpur (UTC+08:00)", "<h2>Timeline of the run</h2>",
            "prefers-color-scheme: dark",
            "@media print", "aria-label=\"calls of the last 2 runs", SyncFixture.Id(90), "% of the values, ",
        ];
        Assert.All(expected, part => Assert.Contains(part, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_earlier_run_shows_the_merges_and_patches_of_its_own_and_what_is_not_known()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        await fixture.ResyncAsync("agent");
        var page = Path.Combine(fixture.Folder([]), "r.html");

        var report = await fixture.Engine().ReportAsync(new ReportOptions { HtmlFile = page }, fixture.Limit);

        Assert.Equal((null, 2, "UTC"), (report.Comparison, report.Notes.Count, report.TimeZone));
        Assert.Contains("agent: read in ", await File.ReadAllTextAsync(page), StringComparison.Ordinal);
        Assert.Contains("050-invoice-creator: succeeded", await File.ReadAllTextAsync(page), StringComparison.Ordinal);
    }

    private static void Check(IReadOnlyDictionary<string, WorkbookFile.Sheet> book)
    {
        Assert.Equal(["Summary", "Entities", "Rejected", "Orphaned references", "Differences", "Coverage", "Runs"], book.Keys);
        Assert.All(book.Values, sheet => Assert.True(sheet.IsHeadFrozen && sheet.Filter is not null));
        var rejected = Assert.Single(book["Rejected"].Rows.Skip(1));
        Assert.Equal(["agent", SyncFixture.Id(2), "Commission"], rejected[..3]);
        Assert.Equal(SyncFixture.Id(2), JsonDocument.Parse(rejected[4]).RootElement.GetProperty("_id").GetString());
        Assert.Equal([$"agent|linked_user_login|user|{SyncFixture.Id(90)}|1|{SyncFixture.Id(1)}"], book["Orphaned references"].Body);
        Assert.Equal(
            [$"agent|{SyncFixture.Id(1)}|differs|Name|name|0123|{Markup}", $"agent|{SyncFixture.Id(2)}|rejected|Commission|commission||",
                $"agent|{SyncFixture.Id(3)}|older|Modified Date|modified_date|2026-04-01T09:30:00.250000Z|2026-03-01T08:00:00.000000Z"],
            book["Differences"].Body);
        Assert.Contains("agent|Name|name|text|mapped|3|2|2|0", book["Coverage"].Body.Select(row => row[..row.LastIndexOf('|')]));
        Assert.Equal(["verify", "resync"], book["Runs"].Rows.Skip(1).Select(r => r[1]));
        Assert.Contains("time zone|Asia/Kuala_Lumpur (UTC+08:00)|All times in this workbook are in this zone.", book["Summary"].Body);
    }

    private async Task<SyncFixture> PlantedAsync()
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, $"\"Name\": \"0123\", \"Linked User Login\": \"{SyncFixture.Id(90)}\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Commission\": \"twelve\""));
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Early, "\"Name\": \"Ann\""));
        await fixture.ResyncAsync("agent");
        await fixture.Engine().AuditFieldsAsync(["agent"], null, fixture.Limit);
        await fixture.ExecuteAsync($"update agent set name = '{Markup}' where bubble_id = '{SyncFixture.Id(1)}'");
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Late, "\"Name\": \"Ann\""));
        await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit);
        return fixture;
    }

    private static long Number(JsonElement json, string name) => json.GetProperty(name).GetInt64();
}
