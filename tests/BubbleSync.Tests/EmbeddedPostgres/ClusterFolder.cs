using BubbleSync.EmbeddedPostgres;

namespace BubbleSync.Tests.EmbeddedPostgres;

/// <summary>A folder for one test's cluster, beside the one of the other tests so that binaries from npm are shared; deleted at the end.</summary>
internal sealed class ClusterFolder : IDisposable
{
    internal string Path { get; } =
        System.IO.Path.Combine(Repository.Root, ".bubblesync", $"postgres-test-{Guid.NewGuid():N}");

    internal EmbeddedPostgresOptions Options => new()
    {
        Folder = Path,
        Settings = new Dictionary<string, string> { ["fsync"] = "off" },
    };

    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }
}
