using System.Globalization;
using System.Text.Json;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>The program itself, as the script publishes and starts it.</summary>
internal sealed class BubblesyncProgram(string path)
{
    // Above what any run reaches.
    private const int NoLimit = 10_000_000;

    public string Path => path;

    /// <summary>Makes the target tables.</summary>
    public Task ApplySchemaAsync(string connection) => MeasuredProcess.RunAsync(path, ["schema", "apply"], Target(connection));

    /// <summary>Runs a resync of full history, default settings but for the requests a minute.</summary>
    public async Task<(Measurement Measured, ResyncCounts Counts)> ResyncAsync(
        string connection, SimulatedApp app, int requestsPerMinute = NoLimit, string? patches = null)
    {
        var environment = new Dictionary<string, string>(app.Environment.Concat(Target(connection)))
        {
            ["BUBBLESYNC_Bubble__RequestsPerMinute"] = requestsPerMinute.ToString(CultureInfo.InvariantCulture),
        };
        if (patches is not null)
            environment["BUBBLESYNC_Run__Patches"] = patches;
        var process = await MeasuredProcess.RunAsync(path, ["resync", "--output", "json"], environment);

        using var report = JsonDocument.Parse(process.Output);
        var measured =
            new Measurement
            {
                Seconds = process.Seconds,
                Cpu = process.Cpu,
                PeakBytes = process.PeakBytes,
                Calls = report.RootElement.GetProperty("api")
                .GetProperty("calls").GetInt64()
            };
        return (measured, ResyncCounts.Of(report.RootElement));
    }

    private static Dictionary<string, string> Target(string connection) => new() { ["BUBBLESYNC_Postgres__ConnectionString"] = connection };
}
