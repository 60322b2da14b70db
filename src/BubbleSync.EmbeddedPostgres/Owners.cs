using static System.FormattableString;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>The processes that use a cluster: each locks a file, so the last one is known. A dead one's lock is free.</summary>
internal sealed class Owners(string folder)
{
    internal string Folder { get; } = Path.Combine(folder, "owners");

    /// <summary>The file that marks that a watchdog will stop the server.</summary>
    internal string Mark { get; } = Path.Combine(folder, "stopping");

    /// <summary>The file that keeps the server running without an owner. A new start deletes it: it does not outlive the server.</summary>
    internal string Kept { get; } = Path.Combine(folder, "kept");

    /// <summary>Signs in; disposing the file signs out. Its name begins with our process id, for the watchdog.</summary>
    internal FileStream SignIn()
    {
        Directory.CreateDirectory(Folder);
        var path = Path.Combine(Folder, Invariant($"{Environment.ProcessId}.{Guid.NewGuid():N}"));
        return FolderLock.TryOpen(path, FileOptions.DeleteOnClose)
            ?? throw new EmbeddedPostgresException($"{path} cannot be written. Check the rights on {Folder}.");
    }

    /// <summary>Whether an owner is alive; removes dead ones.</summary>
    internal bool AnyAlive() => Directory.Exists(Folder) && Directory.GetFiles(Folder).Any(IsAlive);

    private static bool IsAlive(string path)
    {
        using var free = FolderLock.TryOpen(path, FileOptions.DeleteOnClose);
        return free is null;
    }
}
