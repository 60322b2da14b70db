using System.Diagnostics;
using System.Diagnostics.Metrics;
using BubbleSync.Etl;
using Microsoft.Extensions.Logging;
using Xunit;

namespace BubbleSync.Tests.Diagnostics;

/// <summary>Tests that hear the whole process run alone.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>Hears the engine's spans and measurements.</summary>
internal sealed class Listener : IDisposable
{
    private readonly ActivityListener _spans;
    private readonly MeterListener _meters = new();
    private readonly List<Activity> _heard = [];
    private readonly List<(string Name, double Value, KeyValuePair<string, object?>[] Tags)> _measured = [];

    public Listener()
    {
        _spans = new ActivityListener
        {
            ShouldListenTo = source => source.Name == SyncEngine.TelemetryName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (_heard)
                    _heard.Add(span);
            },
        };
        ActivitySource.AddActivityListener(_spans);
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == SyncEngine.TelemetryName)
                listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument.Name, value, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument.Name, value, tags));
        _meters.Start();
    }

    /// <summary>The spans that have ended.</summary>
    public IReadOnlyList<Activity> Spans
    {
        get
        {
            lock (_heard)
                return [.. _heard];
        }
    }

    /// <summary>The sum of what was measured under a name, with these tags.</summary>
    public double Sum(string name, params (string Name, object Value)[] tags)
    {
        lock (_measured)
            return _measured.Where(m => m.Name == name && tags.All(t => m.Tags.Any(o => o.Key == t.Name && Equals(o.Value, t.Value)))).Sum(m => m.Value);
    }

    /// <summary>Asks the gauges; gives the names of those that answered.</summary>
    public IReadOnlyList<string> Observe()
    {
        int before;
        lock (_measured)
            before = _measured.Count;
        _meters.RecordObservableInstruments();
        lock (_measured)
            return [.. _measured.Skip(before)
                .Select(m => m.Name).Where(n => n is "bubblesync.api.in_flight" or "bubblesync.api.allowed" or "bubblesync.queue.depth")];
    }

    public void Dispose()
    {
        _spans.Dispose();
        _meters.Dispose();
    }

    private void Add(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_measured)
            _measured.Add((name, value, tags.ToArray()));
    }
}

/// <summary>Keeps what is logged.</summary>
internal sealed class ListLogger : ILogger<SyncEngine>
{
    private readonly List<(LogLevel Level, EventId Id, string Text)> _lines = [];

    public IReadOnlyList<(LogLevel Level, EventId Id, string Text)> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
            _lines.Add((logLevel, eventId, formatter(state, exception)));
    }
}
