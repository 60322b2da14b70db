using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>A .NET program run to its end: how long, how much processor time and memory, and what it printed.</summary>
internal sealed record MeasuredProcess(double Seconds, double? Cpu, long? PeakBytes, string Output)
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);
    private static readonly ConcurrentBag<Process> Started = [];

    /// <summary>Runs it; an exit code other than 0 throws with what it said.</summary>
    public static async Task<MeasuredProcess> RunAsync(string program, IEnumerable<string> words, IReadOnlyDictionary<string, string> environment)
    {
        var before = ProcessTimes.OfEndedChildren();
        var watch = Stopwatch.StartNew();
        using var process = Start(program, words, environment);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        var ended = process.WaitForExitAsync();

        long? peak = null;
        while (await Task.WhenAny(ended, Task.Delay(Glance)) != ended)
            peak = ProcessTimes.PeakMemory(process.Id) ?? peak;
        var seconds = watch.Elapsed.TotalSeconds;

        if (process.ExitCode != 0)
            throw new InvalidOperationException(
                $"{Path.GetFileName(program)} {string.Join(' ', words)} ended with {process.ExitCode}:\n{await errors}\n{await output}");
        return new(seconds, ProcessTimes.OfEndedChildren() - before, peak, await output);
    }

    /// <summary>Ends all that was started where this program is told to end. Since .NET 10 nothing else happens on SIGTERM, no ProcessExit either.</summary>
    public static IDisposable LetNoneOutlive() => PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ =>
    {
        foreach (var process in Started)
            End(process);
    });

    /// <summary>Starts a program.</summary>
    public static Process Start(string program, IEnumerable<string> words, IReadOnlyDictionary<string, string> environment)
    {
        var process = Process.Start(Describe(program, words, environment)) ?? throw new InvalidOperationException($"{program} does not start.");
        Started.Add(process);
        return process;
    }

    private static void End(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended long since, and was disposed of.
        }
    }

    /// <summary>How a program is started: in an environment that holds, of ours, only what is given.</summary>
    private static ProcessStartInfo Describe(string program, IEnumerable<string> words, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("dotnet", [program, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("BUBBLESYNC_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return start;
    }
}
