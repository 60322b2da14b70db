using System.Text;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Scripts;
using Xunit;

namespace BubbleSync.Tests.Reports;

/// <summary><c>--excel</c>: a double click on the CSV file shows every text as it is.</summary>
public sealed partial class ExcelTextTests
{
    private static readonly CsvHead Head = new("text", "number") { Numbers = ["number"] };

    [Fact]
    public async Task Every_text_is_exactly_the_result_of_its_cell_and_numbers_stay_numbers()
    {
        using var output = new MemoryStream();
        await CsvFile.WriteAsync(output, Head, Rows(), CsvTexts.Excel, CancellationToken.None);
        var bytes = output.ToArray();

        var rows = Csv(Encoding.UTF8.GetString(bytes.AsSpan(3)));

        Assert.Equal(Encoding.UTF8.Preamble.ToArray(), bytes[..3]);
        Assert.Equal(Head.Names, rows[0]);
        Assert.Equal(HostileTexts.All, rows.Skip(1).Select(r => Result(r[0])));
        Assert.All(rows.Skip(1), r => Assert.Equal("12", r[1]));
    }

    [ProgramFact("soffice")]
    public async Task LibreOffice_shows_every_text()
    {
        var folder = Directory.CreateTempSubdirectory("bubblesync-excel-").FullName;
        await CsvFile.WriteAsync(Path.Combine(folder, "in.csv"), Head, Rows(), CsvTexts.Excel, CancellationToken.None);

        // Read as UTF-8 with commas, and written with all texts in quotes.
        var outcome = await ChildProcess.RunAsync(folder, "soffice", LibreOffice.Words(folder, "--infilter=CSV:44,34,76,1", "in.csv"));

        Assert.Equal("", outcome.Code == 0 ? "" : outcome.All);
        var rows = Csv(await File.ReadAllTextAsync(Path.Combine(folder, "out", "in-in.csv"))).Skip(1);
        Assert.Equal(HostileTexts.All.Select(LibreOffice.Shown), rows.Select(r => LibreOffice.Shown(r[0])));
        Directory.Delete(folder, recursive: true);
    }

    private static IAsyncEnumerable<IReadOnlyList<string>> Rows() =>
        HostileTexts.All.Select(t => (IReadOnlyList<string>)[t, "12"]).ToAsyncEnumerable();

    // What a spreadsheet shows: the result of a formula that joins texts, none of them longer than it may be; else the text, which must be harmless.
    private static string Result(string cell)
    {
        if (cell.StartsWith("=\"", StringComparison.Ordinal))
        {
            Assert.Matches(Formula(), cell);
            Assert.InRange(cell.Length, 0, 8192);
            return string.Concat(Part().Matches(cell[1..]).Select(m => m.Groups["code"].Success
                ? ((char)int.Parse(m.Groups["code"].Value, null)).ToString()
                : m.Groups["literal"].Value.Replace("\"\"", "\"", StringComparison.Ordinal)));
        }

        Assert.True(cell.Length > 255 && (char.IsLetter(cell[0]) || cell[0] == '{'), cell);
        return cell;
    }

    /// <summary>Reads CSV (RFC 4180) with records that end with a carriage return and a line feed, or with a line feed alone.</summary>
    internal static List<string[]> Csv(string text)
    {
        var (rows, row) = (new List<string[]>(), new List<string>());
        foreach (Match cell in Cell().Matches(text))
        {
            row.Add(cell.Groups["quoted"].Success ? cell.Groups["quoted"].Value.Replace("\"\"", "\"", StringComparison.Ordinal) : cell.Groups["bare"].Value);
            if (cell.Groups["end"].Value == ",")
                continue;

            rows.Add([.. row]);
            row.Clear();
        }

        return rows;
    }

    [GeneratedRegex("^=\"(?:[^\"\\r\\n]|\"\"){0,255}\"(?:&(?:\"(?:[^\"\\r\\n]|\"\"){0,255}\"|CHAR\\(1[03]\\)))*$")]
    private static partial Regex Formula();

    [GeneratedRegex("\\G&?(?:\"(?<literal>(?:[^\"]|\"\")*)\"|CHAR\\((?<code>[0-9]+)\\))")]
    private static partial Regex Part();

    [GeneratedRegex("\\G(?:\"(?<quoted>(?:[^\"]|\"\")*)\"|(?<bare>[^,\"\\r\\n]*))(?<end>,|\\r?\\n)")]
    private static partial Regex Cell();
}
