using System.Text.Json;
using BubbleSync.Etl;
using BubbleSync.Etl.Mapping;

namespace BubbleSync.Tests.Settings;

/// <summary>The folder <c>config</c> as it is shipped, and folders like it that tests make.</summary>
internal sealed class ConfigFolder : IDisposable
{
    /// <summary>The shipped one.</summary>
    public static string Shipped { get; } = Path.Combine(Repository.Root, "config");

    /// <summary>The names of the shipped maps, for theories.</summary>
    public static IEnumerable<string> Maps { get; } = Directory.EnumerateFiles(Path.Combine(Shipped, "entities"))
        .Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);

    /// <summary>A folder of a test.</summary>
    public string Place { get; } = Directory.CreateTempSubdirectory("bubblesync-config-").FullName;

    /// <summary>One of the shipped JSON files, comments skipped.</summary>
    public static JsonElement Json(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Shipped, name)), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip }).RootElement;

    /// <summary>The names of an object's properties.</summary>
    public static IEnumerable<string> Names(JsonElement json) => json.EnumerateObject().Select(p => p.Name);

    /// <summary>Writes a file and gives its path.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(Place, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>What the reader of maps has against this folder; empty where it reads.</summary>
    public IReadOnlyList<SyncError> MapFaults()
    {
        try
        {
            EntityMapReader.Read(Place);
            return [];
        }
        catch (SyncException refused)
        {
            return refused.Errors;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Place, recursive: true);
}
