using System.IO.Compression;
using System.Text.RegularExpressions;
using CsvHelper;

namespace BubbleSync.Etl.Reports;

/// <summary>Writes reports as CSV: RFC 4180, UTF-8, one head line; a text that a spreadsheet would take for a formula gets a leading apostrophe.</summary>
internal static partial class CsvFile
{
    /// <summary>Writes a head and rows to a file as they come, compressed if its name ends in <c>.gz</c>; returns the number of rows.</summary>
    /// <param name="path">The file; its folder is made where it is missing.</param>
    /// <param name="head">The names of the columns.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="formulas">Whether texts that a spreadsheet would take for formulas stay as they are.</param>
    /// <param name="cancellationToken">Stops it; the file stays as it was.</param>
    public static async Task<long> WriteAsync(
        string path, IReadOnlyList<string> head, IAsyncEnumerable<IReadOnlyList<string>> rows, bool formulas, CancellationToken cancellationToken)
    {
        var written = 0L;
        await ReportFile.WriteAsync(path, "--csv", async file =>
        {
            await using Stream output = path.EndsWith(
                ".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true) : new BufferedStream(file);
            written = await WriteAsync(output, head, rows, formulas, cancellationToken);
        });
        return written;
    }

    /// <summary>Writes a head and rows as they come, and leaves the stream open; returns the number of rows.</summary>
    public static async Task<long> WriteAsync(
        Stream output, IReadOnlyList<string> head, IAsyncEnumerable<IReadOnlyList<string>> rows, bool formulas, CancellationToken cancellationToken)
    {
        await using var csv = CsvWriter.Create(output, leaveOpen: true);
        var written = -1L;
        await foreach (var row in rows.Prepend(head).WithCancellation(cancellationToken))
        {
            foreach (var cell in row)
                csv.WriteField(!formulas && IsFormula(cell) ? "'" + cell : cell);
            await csv.EndRecordAsync(cancellationToken);
            written++;
        }

        return written;
    }

    // A spreadsheet makes a formula of these beginnings; a number is safe.
    private static bool IsFormula(string cell) => cell is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] && !Number().IsMatch(cell);

    [GeneratedRegex(@"^-[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\z")]
    private static partial Regex Number();
}
