using BubbleSync.Etl.Reports.Mirror;
using BubbleSync.Etl.Reports.Spreadsheets;
using BubbleSync.Tests.Scripts;
using Xunit;

namespace BubbleSync.Tests.Reports;

/// <summary>Workbooks: every cell is what it was, whatever it contains, and a sheet that is full says so.</summary>
public sealed class WorkbookTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeZoneInfo Malaysia = TimeZoneInfo.CreateCustomTimeZone("Malaysia", TimeSpan.FromHours(8), "Malaysia", "Malaysia");

    [Fact]
    public async Task Every_cell_is_exactly_its_value_and_has_its_type()
    {
        string[] texts = [.. HostileTexts.All, "\u0001\u001f\uffff", "\ud800", new string('é', 40_000)];

        var sheet = (await BookAsync(texts.Select(t => (IReadOnlyList<object?>)[t, 12L, Noon, null]), 1000))["a"];

        Assert.Equal(["text", "number", "time", "none"], sheet.Rows[0]);
        Assert.Equal([.. texts[..^2], "\ufffd", new string('é', 32_767 - 11) + "… (cut off)"], sheet.Rows.Skip(1).Select(r => r[0]));
        Assert.All(sheet.Types.Skip(1), t => Assert.Equal("inlineStr", t[0]));
        // Days since the end of 1899, at eight in the evening in the zone.
        Assert.All(sheet.Rows.Skip(1).Zip(sheet.Types.Skip(1)), r => Assert.Equal(("12", "n", 46082.8333, "n"),
            (r.First[1], r.Second[1], Math.Round(double.Parse(r.First[2], null), 4), r.Second[2])));
        Assert.Equal((true, "A1:D1048576"), (sheet.IsHeadFrozen, sheet.Filter));
    }

    [Fact]
    public async Task A_sheet_that_is_full_ends_with_a_line_that_says_so()
    {
        var rows = Enumerable.Range(1, 9).Select(n => (IReadOnlyList<object?>)[$"{n}", (long)n, null, null]);

        var (cut, whole) = ((await BookAsync(rows, 4))["a"], (await BookAsync(rows.Take(3), 5))["a"]);

        Assert.Equal(["text", "1", "2", "More rows follow, but a sheet has no room for them."], cut.Rows.Select(r => r[0]));
        Assert.Equal(["text", "1", "2", "3"], whole.Rows.Select(r => r[0]));
    }

    [ProgramFact("soffice")]
    public async Task LibreOffice_shows_every_cell()
    {
        var folder = Directory.CreateTempSubdirectory("bubblesync-book-").FullName;
        await using (var file = File.Create(Path.Combine(folder, "in.xlsx")))
            await WriteAsync(file, HostileTexts.All.Select(t => (IReadOnlyList<object?>)[t, 12L, Noon, null]), 1000);

        var outcome = await ChildProcess.RunAsync(folder, "soffice", LibreOffice.Words(folder, "in.xlsx"));

        Assert.Equal("", outcome.Code == 0 ? "" : outcome.All);
        var rows = ExcelTextTests.Csv(await File.ReadAllTextAsync(Path.Combine(folder, "out", "in-a.csv"))).Skip(1).ToList();
        Assert.Equal(HostileTexts.All.Select(LibreOffice.Shown), rows.Select(r => LibreOffice.Shown(r[0])));
        Assert.All(rows, r => Assert.Equal(("12", "2026-03-01 20:00:00", ""), (r[1], r[2], r[3])));
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<IReadOnlyDictionary<string, WorkbookFile.Sheet>> BookAsync(IEnumerable<IReadOnlyList<object?>> rows, int mostRows)
    {
        using var file = new MemoryStream();
        await WriteAsync(file, rows, mostRows);
        return WorkbookFile.Read(file);
    }

    private static async Task WriteAsync(Stream file, IEnumerable<IReadOnlyList<object?>> rows, int mostRows)
    {
        await using var book = await Workbook.CreateAsync(file, new LocalTime(Malaysia, Noon), mostRows, CancellationToken.None);
        SheetColumn[] columns = [new("text", 20), new("number", 10), new("time", 20), new("none", 5)];
        await book.AddAsync("a", columns, rows.ToAsyncEnumerable(), CancellationToken.None);
        await book.FinishAsync(CancellationToken.None);
    }
}
