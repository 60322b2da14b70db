using System.Diagnostics;
using System.Text.Json;
using BubbleSync.Simulator;

namespace BubbleSync.Tests.Resync;

/// <summary>The real program as a process, told by its environment where the fixture is.</summary>
internal static class Bubblesync
{
    /// <summary>Starts it; whoever does must dispose of it.</summary>
    public static RunningProgram Start(SyncFixture fixture, IEnumerable<(string Name, string Value)> environment, params string[] words) =>
        Start(fixture, environment, new Dictionary<string, string>(), words);

    /// <summary>Runs it to its end, with variables of others too.</summary>
    public static async Task<Outcome> RunAsync(
        SyncFixture fixture, IEnumerable<(string Name, string Value)> environment, IReadOnlyDictionary<string, string> others, params string[] words)
    {
        using var program = Start(fixture, environment, others, words);
        return await program.EndAsync();
    }

    private static RunningProgram Start(
        SyncFixture fixture, IEnumerable<(string Name, string Value)> environment, IReadOnlyDictionary<string, string> others, string[] words)
    {
        // A test run in the background ignores some signals, and its children inherit that: these get them as a user's program does (GNU coreutils, env).
        var start = new ProcessStartInfo(OperatingSystem.IsLinux() ? "env" : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var word in OperatingSystem.IsLinux() ? ["--default-signal", "dotnet"] : Array.Empty<string>())
            start.ArgumentList.Add(word);
        start.ArgumentList.Add(TestedProgram.Path);
        foreach (var word in words)
            start.ArgumentList.Add(word);

        (string Name, string Value)[] settings =
        [
            ("Bubble__BaseUrl", fixture.Bubble.BaseUrl.ToString()), ("Bubble__ApiToken", new SimulatorOptions().Token),
            ("Bubble__RequestsPerMinute", "1000000"),
            ("Postgres__ConnectionString", fixture.Connection), ("CONFIG", Path.Combine(Repository.Root, "config", "bubblesync.json")), .. environment,
        ];
        Forget(start);
        foreach (var (name, value) in settings)
            start.Environment["BUBBLESYNC_" + name] = value;
        foreach (var (name, value) in others)
            start.Environment[name] = value;

        return new RunningProgram(Process.Start(start)!, fixture.Limit);
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<Outcome> RunAsync(SyncFixture fixture, IEnumerable<(string Name, string Value)> environment, params string[] words)
    {
        using var program = Start(fixture, environment, words);
        return await program.EndAsync();
    }

    /// <summary>Takes away the settings of whoever runs the tests; where PostgreSQL's programs are stays known.</summary>
    public static void Forget(ProcessStartInfo start)
    {
        foreach (var name in start.Environment.Keys.Where(n => n.StartsWith("BUBBLESYNC_", StringComparison.Ordinal) && n != "BUBBLESYNC_PG_BIN").ToList())
            start.Environment.Remove(name);
    }

    public static Task<Outcome> RunAsync(SyncFixture fixture, params string[] words) => RunAsync(fixture, [], words);
}

/// <summary>How it ended and what it said.</summary>
internal sealed record Outcome(int Code, string Output, string Error)
{
    public string All => Output + Error;

    public JsonElement Json => JsonDocument.Parse(Output).RootElement;
}
