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
    private static readonly string? Version = typeof(EtlDiagnostics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
    private static readonly ActivitySource Source = new(SyncEngine.TelemetryName, Version);
    private static readonly Meter Meter = new(SyncEngine.TelemetryName, Version);
    private static readonly List<WatchedRun> Watched = [];
    private static readonly AsyncLocal<string?> Current = new();

    // From milliseconds, which a request takes, to half an hour, which a merge may take. The defaults of OpenTelemetry are made for milliseconds.
    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 120, 300, 600, 1800],
    };

    /// <summary>Requests sent, by entity; <c>retry</c> says whether it is a repeated one.</summary>
    public static readonly Counter<long> Calls = Meter.CreateCounter<long>("bubblesync.api.calls", "{call}", "Requests sent to Bubble.");

    /// <summary>Bytes of bodies received, as unpacked.</summary>
    public static readonly Counter<long> Bytes = Meter.CreateCounter<long>("bubblesync.api.bytes", "By", "Bytes that Bubble sent.");

    /// <summary>Answers 429 and 503.</summary>
    public static readonly Counter<long> Throttled = Meter.CreateCounter<long>("bubblesync.api.throttled", "{answer}", "Answers that asked to slow down.");

    /// <summary>How long a request took, by entity.</summary>
    public static readonly Histogram<double> CallDuration = Durations("bubblesync.api.duration", "Time until an answer was read.");

    /// <summary>How long a request waited for its turn.</summary>
    public static readonly Histogram<double> ThrottleWait = Durations("bubblesync.api.throttle_wait", "Time a request waited for its turn.");

    /// <summary>Records by entity and outcome: inserted, updated, unchanged, conflicts, rejected.</summary>
    public static readonly Counter<long> Records = Meter.CreateCounter<long>("bubblesync.records", "{record}", "Records that came to their end.");

    /// <summary>How long a stage's statement took, by stage (copy, merge, patch) and entity or patch.</summary>
    public static readonly Histogram<double> StageDuration = Durations("bubblesync.stage.duration", "Time that a COPY, a merge or a patch took.");

    static EtlDiagnostics()
    {
        Meter.CreateObservableGauge("bubblesync.api.in_flight", () => Look<long>(p => [(p.InFlight, null)]), "{call}", "Requests in flight.");
        Meter.CreateObservableGauge(
            "bubblesync.api.allowed", () => Look<double>(p => [(p.AllowedPerMinute, null)]), "{call}/min", "Requests a minute that the throttle allows.");
        Meter.CreateObservableGauge(
            "bubblesync.queue.depth", () => Look(p => p.Queues.Select(q => ((long)q.Waiting, (string?)Word.Of(q.Stage)))), "{message}",
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

    /// <summary>Adds to a counter, for the current run.</summary>
    public static void Count(this Counter<long> counter, long number, params ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        counter.Add(number, OfRun(tags));

    /// <summary>Measures how long something took, in seconds, for the current run.</summary>
    public static void Took(this Histogram<double> histogram, long began, params ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        histogram.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, OfRun(tags));

    /// <summary>A measurement's tag.</summary>
    public static KeyValuePair<string, object?> Tag(string name, object? value) => new("bubblesync." + name, value);

    /// <summary>Lets the gauges show a run until the answer is disposed of, and gives the run's id to what is measured in it.</summary>
    public static IDisposable Watch(Guid runId, Func<RunProgress> progress)
    {
        var run = new WatchedRun(runId, progress);
        lock (Watched)
            Watched.Add(run);
        Current.Value = run.Id;
        return run;
    }

    // Several runs of one process would otherwise add up to one series, and overwrite each other's gauges.
    private static TagList OfRun(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var list = new TagList(tags);
        if (Current.Value is { } run)
            list.Add(Tag("run", run));
        return list;
    }

    private static Histogram<double> Durations(string name, string description) => Meter.CreateHistogram(name, "s", description, tags: null, Buckets);

    private static IEnumerable<Measurement<T>> Look<T>(Func<RunProgress, IEnumerable<(T Value, string? Stage)>> measure)
        where T : struct
    {
        lock (Watched)
            return [.. Watched.SelectMany(run => measure(run.Progress()).Select(m => new Measurement<T>(m.Value, Tags(run, m.Stage))))];
    }

    private static KeyValuePair<string, object?>[] Tags(WatchedRun run, string? stage) =>
        stage is null ? [Tag("run", run.Id)] : [Tag("run", run.Id), Tag("stage", stage)];

    private sealed class WatchedRun(Guid id, Func<RunProgress> progress) : IDisposable
    {
        public string Id { get; } = id.ToString();

        public Func<RunProgress> Progress => progress;

        public void Dispose()
        {
            lock (Watched)
                Watched.Remove(this);
        }
    }
}
