using BubbleSync.EmbeddedPostgres;

namespace BubbleSync.Tests.EmbeddedPostgres;

/// <summary>A folder for one test's cluster, beside the one of the other tests so that binaries from npm are shared; deleted at the end.</summary>
internal sealed class ClusterFolder : IDisposable
{
    internal string Path { get; } =
        System.IO.Path.Combine(Repository.Root, ".bubblesync", $"postgres-test-{Guid.NewGuid():N}");

    /// <summary>Where the data are: here, or where root's server cannot reach the repository, where the file <c>place</c> says.</summary>
    internal string Place => File.Exists(Pointer) ? File.ReadAllText(Pointer) : Path;

    private string Pointer => System.IO.Path.Combine(Path, "place");

    internal EmbeddedPostgresOptions Options => new()
    {
        Folder = Path,
        Settings = new Dictionary<string, string> { ["fsync"] = "off" },
    };

    /// <summary>Deletes a folder in which programs made clusters, with the data that root's server could not have there.</summary>
    internal static void Delete(string folder)
    {
        foreach (var pointer in Directory.EnumerateFiles(folder, "place", SearchOption.AllDirectories))
            Directory.Delete(File.ReadAllText(pointer), recursive: true);
        Directory.Delete(folder, recursive: true);
    }

    public void Dispose()
    {
        foreach (var folder in new[] { Place, Path }.Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }
}
