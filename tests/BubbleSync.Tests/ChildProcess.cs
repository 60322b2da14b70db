using System.Diagnostics;
using System.Runtime.InteropServices;
using BubbleSync.Tests.Resync;

namespace BubbleSync.Tests;

/// <summary>A program run to its end, in a folder of its choice and without our settings.</summary>
internal static class ChildProcess
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    /// <summary>Where the runtime is that the tests run on.</summary>
    public static string DotnetFolder { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    /// <summary>Runs it; null takes a variable away.</summary>
    public static Task<Outcome> RunAsync(string folder, string program, IEnumerable<string> words, params (string Name, string? Value)[] environment) =>
        RunAsync(Longest, folder, program, words, environment);

    /// <summary>Runs one that may take longer than others.</summary>
    public static async Task<Outcome> RunAsync(
        TimeSpan longest, string folder, string program, IEnumerable<string> words, params (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo(
            program, words)
        { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        Bubblesync.Forget(start);
        // Build servers that stay would hold the output open.
        (string, string?)[] all =
        [
            ("MSBUILDDISABLENODEREUSE", "1"), ("DOTNET_CLI_USE_MSBUILD_SERVER", "0"), ("UseSharedCompilation", "false"), ("DOTNET_NOLOGO", "1"), .. environment,
        ];
        foreach (var (name, value) in all)
            start.Environment[name] = value;

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(longest);
        using var end = limit.Token.Register(() => process.Kill(entireProcessTree: true));
        var (output, error) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        await process.WaitForExitAsync(CancellationToken.None);
        return new(process.ExitCode, await output, await error);
    }

    /// <summary>Runs our program.</summary>
    public static Task<Outcome> BubblesyncAsync(string folder, IEnumerable<string> words, params (string Name, string? Value)[] environment) =>
        RunAsync(folder, "dotnet", words.Prepend(TestedProgram.Path), environment);
}
