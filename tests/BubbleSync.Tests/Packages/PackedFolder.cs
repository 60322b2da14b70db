using System.Text.Json;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Packages;

/// <summary>A folder with what <c>dotnet pack</c> gives of what was built, and nothing else: no other source of packages is asked from here.</summary>
public sealed class PackedFolder : IAsyncLifetime
{
    internal const string Version = "0.0.0-packed";

    internal string Place { get; } = Directory.CreateTempSubdirectory("bubblesync-packed-").FullName;

    public async Task InitializeAsync()
    {
        // bin/Release/net10.0
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var packed = await ChildProcess.RunAsync(
            Repository.Root, "dotnet",
            [
                "pack", "BubbleSync.Etl.sln", "--no-build", "-c", configuration, "-o", Path.Combine(Place, "packages"), "-p:MinVerSkip=true",
                $"-p:PackageVersion={Version}",
            ]);
        Assert.True(packed.Code == 0, packed.All);
        Write("NuGet.config", $"""
            <configuration>
              <packageSources><clear /><add key="packed" value="packages" /></packageSources>
              <fallbackPackageFolders><clear />{string.Concat(FoldersOfOthers().Select((f,
                i) => $"<add key=\"{i}\" value=\"{f}\" />"))}</fallbackPackageFolders>
            </configuration>
            """);
    }

    public Task DisposeAsync()
    {
        Directory.Delete(Place, recursive: true);
        return Task.CompletedTask;
    }

    internal void Write(string name, string text)
    {
        var path = Path.Combine(Place, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    /// <summary>Runs a program from a folder below, which is made where it is missing.</summary>
    internal Task<Outcome> RunAsync(string folder, string program, string[] words, params (string Name, string? Value)[] environment) =>
        ChildProcess.RunAsync(
            Directory.CreateDirectory(Path.Combine(Place, folder)).FullName, program, words,
            // The start program of a tool looks for the runtime by itself.
            [("DOTNET_ROOT", ChildProcess.DotnetFolder), .. environment]);

    // What ours need of others is where the restore of the solution found it; nothing is fetched.
    private static IEnumerable<string> FoldersOfOthers()
    {
        using var restored = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "src", "BubbleSync.Etl", "obj", "project.assets.json")));
        return [.. restored.RootElement.GetProperty("packageFolders").EnumerateObject().Select(f => f.Name)];
    }
}
