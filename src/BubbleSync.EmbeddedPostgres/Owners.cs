namespace BubbleSync.EmbeddedPostgres;

/// <summary>Who uses a cluster: one locked file each, so that the last to leave knows it. A dead owner's lock is free.</summary>
internal sealed class Owners(string folder)
{
    private readonly string _folder = Path.Combine(folder, "owners");

    /// <summary>Signs in; disposing signs out.</summary>
    internal IDisposable SignIn()
    {
        Directory.CreateDirectory(_folder);
        var path = Path.Combine(_folder, $"{Environment.ProcessId}.{Guid.NewGuid():N}");
        return FolderLock.TryOpen(path, FileOptions.DeleteOnClose)
            ?? throw new EmbeddedPostgresException($"{path} cannot be written. Check the rights on {folder}.");
    }

    /// <summary>Says whether anyone is signed in; forgets the dead.</summary>
    internal bool AnyAlive() => Directory.Exists(_folder) && Directory.GetFiles(_folder).Any(IsAlive);

    private static bool IsAlive(string path)
    {
        using var free = FolderLock.TryOpen(path, FileOptions.DeleteOnClose);
        return free is null;
    }
}
