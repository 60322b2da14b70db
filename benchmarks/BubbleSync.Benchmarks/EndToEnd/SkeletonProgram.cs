using System.Diagnostics;
using System.Text.Json;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>The bare program to compare with: BubbleSync.Skeleton, published like the program.</summary>
internal sealed class SkeletonProgram(string path)
{
    /// <summary>Publishes it, where it can be had compiled ahead of time.</summary>
    public static async Task<SkeletonProgram> BuildAsync(string state)
    {
        var folder = Path.Combine(state, "benchmarks", "skeleton");
        var said = "";
        foreach (var ready in new[] { "true", "false" })
        {
            string[] words =
            [
                "publish", Path.Combine("benchmarks", "BubbleSync.Skeleton"), "-c", "Release", "--use-current-runtime", "--self-contained", "false",
                "--artifacts-path", Path.Combine(state, "build"), "-o", folder, "-p:NuGetInteractive=false", $"-p:PublishReadyToRun={ready}", "-v", "q",
            ];
            using var process = Process.Start(new ProcessStartInfo("dotnet", words) { RedirectStandardOutput = true })!;
            said = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            if (process.ExitCode == 0)
                return new(Path.Combine(folder, "skeleton.dll"));
        }

        throw new InvalidOperationException($"The skeleton does not build:\n{said}");
    }

    /// <summary>Loads everything.</summary>
    public Task<Measurement> LoadAsync(string connection, SimulatedApp app) =>
        RunAsync([], new(app.Environment) { ["BUBBLESYNC_Postgres__ConnectionString"] = connection });

    /// <summary>Reads every page and throws it away.</summary>
    public Task<Measurement> DrainAsync(SimulatedApp app) => RunAsync(["drain"], new(app.Environment));

    private async Task<Measurement> RunAsync(string[] words, Dictionary<string, string> environment)
    {
        var process = await MeasuredProcess.RunAsync(path, words, environment);
        using var said = JsonDocument.Parse(process.Output);
        return new() { Seconds = process.Seconds, Cpu = process.Cpu, PeakBytes = process.PeakBytes, Calls = said.RootElement.GetProperty("calls").GetInt64() };
    }
}
