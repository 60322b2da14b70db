using System.IO.Compression;
using System.Text.RegularExpressions;
using CsvHelper;

namespace BubbleSync.Etl.Audit;

/// <summary>Writes reports as CSV: RFC 4180, UTF-8, one head line.</summary>
internal static partial class CsvFile
{
    /// <summary>Writes a head and rows to a file as they come, making its folder where it is missing, compressed where its name ends in <c>.gz</c>; gives how many rows.</summary>
    public static async Task<long> WriteAsync(string path, IReadOnlyList<string> head, IAsyncEnumerable<IReadOnlyList<string>> rows, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            await using var file = File.Create(path);
            if (!path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
                return await WriteAsync(file, head, rows, cancellationToken);

            await using var compressed = new GZipStream(file, CompressionLevel.Optimal);
            return await WriteAsync(compressed, head, rows, cancellationToken);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SyncException(new SyncError("settings", null, null, "--csv", "settings", $"'{path}' cannot be written: {refused.Message}"), refused);
        }
    }

    /// <summary>Writes a head and rows as they come, and leaves the stream open; gives how many rows.</summary>
    public static async Task<long> WriteAsync(Stream output, IReadOnlyList<string> head, IAsyncEnumerable<IReadOnlyList<string>> rows, CancellationToken cancellationToken)
    {
        await using var csv = CsvWriter.Create(output, leaveOpen: true);
        var written = -1L;
        await foreach (var row in rows.Prepend(head).WithCancellation(cancellationToken))
        {
            foreach (var cell in row)
                csv.WriteField(cell);
            await csv.EndRecordAsync(cancellationToken);
            written++;
        }

        return written;
    }

    /// <summary>A row in which no text is taken for a formula by a spreadsheet: it gets a leading apostrophe. Numbers stay as they are.</summary>
    public static IReadOnlyList<string> Defused(IReadOnlyList<string> row) => [.. row.Select(cell => IsFormula(cell) ? "'" + cell : cell)];

    private static bool IsFormula(string cell) => cell is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] && !Number().IsMatch(cell);

    [GeneratedRegex(@"^-[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\z")]
    private static partial Regex Number();
}
