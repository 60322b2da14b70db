using static System.FormattableString;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>Lets one process at a time work on a folder. The system frees the lock when its holder dies.</summary>
internal static class FolderLock
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Waits for the lock; dispose the result to release it.</summary>
    internal static async Task<IDisposable> TakeAsync(string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, "lock");
        for (var waited = TimeSpan.Zero; waited < Limit; waited += Pause)
        {
            var held = TryOpen(path);
            if (held is not null)
                return held;
            await Task.Delay(Pause, cancellationToken);
        }

        throw new EmbeddedPostgresException(Invariant($"{path} is still held by another process after {Limit.TotalMinutes:0} minutes. ")
            + "End that process and start again.");
    }

    /// <summary>Opens the file for us alone; null if another process holds it.</summary>
    internal static FileStream? TryOpen(string path, FileOptions options = FileOptions.None)
    {
        try
        {
            return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, options);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
