using CsvHelper;

namespace BubbleSync.Etl.Audit;

/// <summary>Writes reports as CSV: RFC 4180, UTF-8, one head line.</summary>
internal static class CsvFile
{
    /// <summary>Writes a head and rows to a file as they come, making its folder where it is missing; gives how many rows.</summary>
    public static async Task<long> WriteAsync(string path, IReadOnlyList<string> head, IAsyncEnumerable<IReadOnlyList<string>> rows, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            await using var csv = CsvWriter.ToFile(path);
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
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SyncException(new SyncError("settings", null, null, "--csv", "settings", $"'{path}' cannot be written: {refused.Message}"), refused);
        }
    }
}
