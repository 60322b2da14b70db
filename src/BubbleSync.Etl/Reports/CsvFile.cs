using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Reports.Spreadsheets;
using CsvHelper;

namespace BubbleSync.Etl.Reports;

/// <summary>Writes reports as CSV: RFC 4180, UTF-8, one head line.</summary>
internal static partial class CsvFile
{
    /// <summary>Writes a head and rows to a file as they come, compressed if its name ends in <c>.gz</c>; returns the number of rows.</summary>
    /// <param name="path">The file.</param>
    /// <param name="head">The columns.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="texts">How texts are written.</param>
    /// <param name="cancellationToken">Stops it; the file stays as it was.</param>
    public static async Task<long> WriteAsync(
        string path, CsvHead head, IAsyncEnumerable<IReadOnlyList<string>> rows, CsvTexts texts, CancellationToken cancellationToken)
    {
        var written = 0L;
        await ReportFile.WriteAsync(path, "--csv", async file =>
        {
            await using Stream output = path.EndsWith(
                ".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true) : new BufferedStream(file);
            written = await WriteAsync(output, head, rows, texts, cancellationToken);
        });
        return written;
    }

    /// <summary>Writes a head and rows as they come, and leaves the stream open; returns the number of rows.</summary>
    public static async Task<long> WriteAsync(
        Stream output, CsvHead head, IAsyncEnumerable<IReadOnlyList<string>> rows, CsvTexts texts, CancellationToken cancellationToken)
    {
        // Without the mark, Excel reads UTF-8 as the code page of the system.
        if (texts == CsvTexts.Excel)
            await output.WriteAsync(Encoding.UTF8.Preamble.ToArray(), cancellationToken);
        await using var csv = CsvWriter.Create(output, leaveOpen: true);
        foreach (var name in head.Names)
            csv.WriteField(name);
        await csv.EndRecordAsync(cancellationToken);

        var isNumber = head.Names.Select(head.Numbers.Contains).ToArray();
        var written = 0L;
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            for (var column = 0; column < row.Count; column++)
                csv.WriteField(isNumber[column] ? row[column] : Text(row[column], texts));
            await csv.EndRecordAsync(cancellationToken);
            written++;
        }

        return written;
    }

    /// <summary>Whether a spreadsheet makes a formula of a text; a number is none.</summary>
    public static bool IsFormula(string cell) => cell is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] && !Number().IsMatch(cell);

    private static string Text(string cell, CsvTexts texts) => texts switch
    {
        CsvTexts.Excel => ExcelText.Of(cell),
        CsvTexts.Guarded when IsFormula(cell) => "'" + cell,
        _ => cell,
    };

    [GeneratedRegex(@"^-[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\z")]
    private static partial Regex Number();
}

/// <summary>The columns of a CSV file.</summary>
/// <param name="Names">Their names.</param>
internal sealed record CsvHead(params IReadOnlyList<string> Names)
{
    /// <summary>The columns that contain numbers; all others contain texts.</summary>
    public IReadOnlyList<string> Numbers { get; init; } = [];
}

/// <summary>How texts are written to CSV.</summary>
internal enum CsvTexts
{
    /// <summary>A text that a spreadsheet would take for a formula gets a leading apostrophe.</summary>
    Guarded,

    /// <summary>As they are.</summary>
    AsTheyAre,

    /// <summary>So that Excel and LibreOffice show exactly the text. The file begins with a byte order mark.</summary>
    Excel,
}
