using System.Globalization;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>A cluster as it lies in its folder.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="DataFolder">Where its data are: in the folder, or where the account of the server can reach them.</param>
/// <param name="Major">The major version of PostgreSQL that the data belong to; null where there are none yet.</param>
/// <param name="Bytes">The size of the data.</param>
/// <param name="Port">The port of the server; null where none runs.</param>
/// <param name="ProcessId">The process id of the server; null where none runs.</param>
/// <param name="IsKept">Whether the server goes on when no command uses it.</param>
/// <param name="IsInUse">Whether a command uses it now.</param>
public sealed record EmbeddedCluster(
    string Folder, string DataFolder, int? Major, long Bytes, int? Port, int? ProcessId, bool IsKept, bool IsInUse)
{
    /// <summary>Whether its server runs.</summary>
    public bool IsRunning => ProcessId is not null;

    /// <summary>Looks at a folder; starts and changes nothing.</summary>
    /// <exception cref="EmbeddedPostgresException">The folder cannot be read.</exception>
    public static EmbeddedCluster Inspect(string folder)
    {
        try
        {
            return Look(Path.GetFullPath(folder));
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new EmbeddedPostgresException($"The PostgreSQL cluster in {folder} cannot be read: {e.Message} Look at it as the user that made it.", e);
        }
    }

    private static EmbeddedCluster Look(string folder)
    {
        var pointer = Path.Combine(folder, "place");
        var place = File.Exists(pointer) ? File.ReadAllText(pointer) : folder;
        var data = Path.Combine(place, "data");
        var version = Path.Combine(data, "PG_VERSION");
        var running = PidFile.Read(data) is { } found && new ServerProcess(found.ProcessId).IsRunningOn(data) ? found : null;
        var owners = new Owners(place);
        return new EmbeddedCluster(
            folder, data, File.Exists(version) ? int.Parse(File.ReadAllText(version), CultureInfo.InvariantCulture) : null,
            Size(data), running?.Port, running?.ProcessId, running is not null && File.Exists(owners.Kept), running is not null && owners.AnyAlive());
    }

    // Files may go while they are looked at.
    private static long Size(string data) => Directory.Exists(data)
        ? new DirectoryInfo(data).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
            .Sum(file => file.Exists ? file.Length : 0)
        : 0;
}
