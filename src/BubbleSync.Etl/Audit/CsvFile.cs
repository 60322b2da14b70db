using CsvHelper;

namespace BubbleSync.Etl.Audit;

/// <summary>Writes reports as CSV: RFC 4180, UTF-8, one head line.</summary>
internal static class CsvFile
{
    /// <summary>Writes a head and rows to a file, making its folder where it is missing.</summary>
    public static async Task WriteAsync(string path, IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            await using var csv = CsvWriter.ToFile(path);
            foreach (var row in rows.Prepend(head))
            {
                foreach (var cell in row)
                    csv.WriteField(cell);
                await csv.EndRecordAsync(cancellationToken);
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SyncException(new SyncError("settings", null, null, "--csv", "settings", $"'{path}' cannot be written: {refused.Message}"), refused);
        }
    }
}
