using System.Diagnostics;

namespace BubbleSync.Tests;

/// <summary>
/// The program that tests start as a process. In CI it is the one that <c>run.sh</c> builds for users: compiled ahead, it starts in a fraction of the time, and
/// the suite starts it some thousand times. Elsewhere it is the one beside the tests, so that a changed line needs no second build.
/// </summary>
internal static class TestedProgram
{
    private static readonly TimeSpan LongestBuild = TimeSpan.FromMinutes(5);
    private static readonly Lazy<string> Found = new(Find);

    /// <summary>The path of <c>bubblesync.dll</c>.</summary>
    public static string Path => Found.Value;

    /// <summary>The one beside the tests.</summary>
    public static string Beside { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "bubblesync.dll");

    private static string Find()
    {
        if (OperatingSystem.IsWindows() || Environment.GetEnvironmentVariable("CI") is not { Length: > 0 })
            return Beside;

        var start = new ProcessStartInfo("sh", [System.IO.Path.Combine(Repository.Root, "run.sh"), "--version"]) { RedirectStandardOutput = true };
        Resync.Bubblesync.Forget(start);
        using var build = Process.Start(start)!;
        if (!build.WaitForExit(LongestBuild))
            build.Kill(entireProcessTree: true);
        var apps = System.IO.Path.Combine(Repository.Root, ".bubblesync", "app");
        // The stamp holds the sum of the sources and the folder that was built from them.
        return build.ExitCode == 0 && File.ReadAllText(System.IO.Path.Combine(apps, "current")).Split(' ') is [_, var folder]
            ? System.IO.Path.Combine(apps, folder.Trim(), "bubblesync.dll")
            : Beside;
    }
}
