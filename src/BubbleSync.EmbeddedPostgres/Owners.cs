using static System.FormattableString;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>Who uses a cluster: one locked file each, so that the last to leave knows it. A dead owner's lock is free.</summary>
internal sealed class Owners(string folder)
{
    internal string Folder { get; } = Path.Combine(folder, "owners");

    /// <summary>The file that says: a watchdog is about to stop the server.</summary>
    internal string Mark { get; } = Path.Combine(folder, "stopping");

    /// <summary>Signs in; disposing the file signs out. Its name begins with our process id, for the watchdog's eyes.</summary>
    internal FileStream SignIn()
    {
        Directory.CreateDirectory(Folder);
        var path = Path.Combine(Folder, Invariant($"{Environment.ProcessId}.{Guid.NewGuid():N}"));
        return FolderLock.TryOpen(path, FileOptions.DeleteOnClose)
            ?? throw new EmbeddedPostgresException($"{path} cannot be written. Check the rights on {Folder}.");
    }

    /// <summary>Says whether anyone is signed in; forgets the dead.</summary>
    internal bool AnyAlive() => Directory.Exists(Folder) && Directory.GetFiles(Folder).Any(IsAlive);

    private static bool IsAlive(string path)
    {
        using var free = FolderLock.TryOpen(path, FileOptions.DeleteOnClose);
        return free is null;
    }
}
