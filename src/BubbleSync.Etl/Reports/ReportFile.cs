using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Reports;

/// <summary>Writes a report's file in one step: the earlier file stays until the new one is complete.</summary>
internal static class ReportFile
{
    /// <summary>Writes a new file and then replaces the old one; an incomplete file is removed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that names it.</param>
    /// <param name="write">Writes what is in it.</param>
    /// <exception cref="SyncException">It cannot be written.</exception>
    public static async Task WriteAsync(string path, string option, Func<Stream, Task> write)
    {
        try
        {
            // A device or a pipe cannot be replaced by a new file.
            var target = Path.GetFullPath(path);
            if (target.StartsWith("/dev/", StringComparison.Ordinal))
                await WriteAsync(target, write);
            else
                await ReplaceAsync(
                    File.Exists(target) && File.ResolveLinkTarget(target, returnFinalTarget: true) is { } linked ? linked.FullName : target, write);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SyncException(
                new SyncError(SyncStage.Settings, null, null, option, ErrorCode.Settings, $"'{path}' cannot be written: {refused.Message}"), refused);
        }
    }

    private static async Task ReplaceAsync(string path, Func<Stream, Task> write)
    {
        var beside = path + ".new";
        if (Path.GetDirectoryName(path) is { } folder && !Directory.Exists(folder))
            throw new DirectoryNotFoundException($"There is no folder '{folder}'.");

        try
        {
            await WriteAsync(beside, write);
            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    private static async Task WriteAsync(string path, Func<Stream, Task> write)
    {
        await using var file = File.Create(path);
        await write(file);
    }
}
