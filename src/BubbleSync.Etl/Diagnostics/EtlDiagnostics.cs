using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Diagnostics;

/// <summary>
/// Spans and measurements for monitoring systems, under the name <see cref="SyncEngine.TelemetryName"/>. They carry names, ids of runs and numbers, never a
/// field's value.
/// </summary>
internal static class EtlDiagnostics
{
    private const string Seconds = "s";

    private static readonly string? Version = typeof(EtlDiagnostics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
    private static readonly ActivitySource Source = new(SyncEngine.TelemetryName, Version);
    private static readonly Meter Meter = new(SyncEngine.TelemetryName, Version);
    private static readonly List<Func<RunProgress>> Watched = [];

    /// <summary>Requests sent, by entity; <c>retry</c> says whether it is a repeated one.</summary>
    public static readonly Counter<long> Calls = Meter.CreateCounter<long>("bubblesync.api.calls", "{call}", "Requests sent to Bubble.");

    /// <summary>Bytes of bodies received, as unpacked.</summary>
    public static readonly Counter<long> Bytes = Meter.CreateCounter<long>("bubblesync.api.bytes", "By", "Bytes that Bubble sent.");

    /// <summary>Answers 429 and 503.</summary>
    public static readonly Counter<long> Throttled = Meter.CreateCounter<long>("bubblesync.api.throttled", "{answer}", "Answers that asked to slow down.");

    /// <summary>How long a request took, by entity.</summary>
    public static readonly Histogram<double> CallDuration = Meter.CreateHistogram<double>("bubblesync.api.duration", Seconds, "Time until an answer was read.");

    /// <summary>How long a request waited for its turn.</summary>
    public static readonly Histogram<double> ThrottleWait = Meter.CreateHistogram<double>(
        "bubblesync.api.throttle_wait", Seconds, "Time a request waited for its turn.");

    /// <summary>Records by entity and outcome: inserted, updated, unchanged, conflicts, rejected.</summary>
    public static readonly Counter<long> Records = Meter.CreateCounter<long>("bubblesync.records", "{record}", "Records that came to their end.");

    /// <summary>How long a stage's statement took, by stage (copy, merge, patch) and entity or patch.</summary>
    public static readonly Histogram<double> StageDuration = Meter.CreateHistogram<double>(
        "bubblesync.stage.duration", Seconds, "Time that a COPY, a merge or a patch took.");

    static EtlDiagnostics()
    {
        Meter.CreateObservableGauge("bubblesync.api.in_flight", () => Look<long>(p => [new Measurement<long>(p.InFlight)]), "{call}", "Requests in flight.");
        Meter.CreateObservableGauge(
            "bubblesync.api.allowed", () =>
                Look<double>(p => [new Measurement<double>(p.AllowedPerMinute)]), "{call}/min", "Requests a minute that the throttle allows.");
        Meter.CreateObservableGauge(
            "bubblesync.queue.depth", () => Look(p => p.Queues.Select(q => new Measurement<long>(q.Waiting, Tag("stage", Word.Of(q.Stage))))), "{message}",
            "Messages that wait before a stage.");
    }

    /// <summary>Begins a span; null where nobody listens.</summary>
    public static Activity? Begin(string name, params ReadOnlySpan<(string Name, object? Value)> tags)
    {
        var activity = Source.StartActivity(name, name == "request" ? ActivityKind.Client : ActivityKind.Internal);
        foreach (var (tag, value) in tags)
            activity?.SetTag("bubblesync." + tag, value);
        return activity;
    }

    /// <summary>Says that what a span stands for went wrong.</summary>
    public static void Fail(this Activity? activity, string why) => activity?.SetStatus(ActivityStatusCode.Error, why);

    /// <summary>Measures how long something took, in seconds.</summary>
    public static void Took(this Histogram<double> histogram, long began, params ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        histogram.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, tags);

    /// <summary>A measurement's tag.</summary>
    public static KeyValuePair<string, object?> Tag(string name, object? value) => new("bubblesync." + name, value);

    /// <summary>Lets the gauges show a run until the answer is disposed of.</summary>
    public static IDisposable Watch(Func<RunProgress> progress)
    {
        lock (Watched)
            Watched.Add(progress);
        return new Watching(progress);
    }

    private static IEnumerable<Measurement<T>> Look<T>(Func<RunProgress, IEnumerable<Measurement<T>>> measure)
        where T : struct
    {
        lock (Watched)
            return [.. Watched.SelectMany(progress => measure(progress()))];
    }

    private sealed class Watching(Func<RunProgress> progress) : IDisposable
    {
        public void Dispose()
        {
            lock (Watched)
                Watched.Remove(progress);
        }
    }
}
