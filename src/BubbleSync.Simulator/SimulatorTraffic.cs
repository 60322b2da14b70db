using System.Collections.Concurrent;
using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator;

/// <summary>What was asked of the simulator so far, and a hook into it.</summary>
public sealed class SimulatorTraffic
{
    private readonly ConcurrentDictionary<(string Type, RequestKind Kind), long> _counts = new();
    private readonly Lock _gate = new();
    private readonly Queue<string> _recent = new();
    private readonly int _most;
    private long _requests;
    private long _throttled;
    private long _unauthorized;
    private long _records;
    private long _compressed;
    private int _inFlight;
    private int _maxInFlight;

    internal SimulatorTraffic(int recent) => _most = recent;

    /// <summary>Awaited for every request with a good token before it is answered: a test can change records between two pages.</summary>
    public Func<SimulatedRequest, Task>? OnRequest { get; set; }

    /// <summary>All requests, the refused ones too.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Requests refused because there were too many in a minute.</summary>
    public long Throttled => Interlocked.Read(ref _throttled);

    /// <summary>Requests refused for their token.</summary>
    public long Unauthorized => Interlocked.Read(ref _unauthorized);

    /// <summary>Records sent in lists.</summary>
    public long Records => Interlocked.Read(ref _records);

    /// <summary>Answers sent compressed, because the client accepts that.</summary>
    public long Compressed => Interlocked.Read(ref _compressed);

    /// <summary>The most requests that were ever under way at once.</summary>
    public int MaxInFlight => Volatile.Read(ref _maxInFlight);

    /// <summary>The last request lines, oldest first: method, path and decoded query.</summary>
    public IReadOnlyList<string> Recent
    {
        get
        {
            lock (_gate)
                return [.. _recent];
        }
    }

    /// <summary>Requests for this type.</summary>
    /// <param name="type">The type, by any spelling.</param>
    public long Count(string type) => _counts.Where(pair => pair.Key.Type == Shape.UrlOf(type)).Sum(pair => pair.Value);

    /// <summary>Requests of this kind.</summary>
    /// <param name="kind">The kind.</param>
    public long Count(RequestKind kind) => _counts.Where(pair => pair.Key.Kind == kind).Sum(pair => pair.Value);

    /// <summary>Requests of this kind for this type.</summary>
    /// <param name="type">The type, by any spelling.</param>
    /// <param name="kind">The kind.</param>
    public long Count(string type, RequestKind kind) => _counts.GetValueOrDefault((Shape.UrlOf(type), kind));

    /// <summary>Starts to count from nothing again; the hook stays.</summary>
    public void Reset()
    {
        _counts.Clear();
        lock (_gate)
            _recent.Clear();
        Interlocked.Exchange(ref _requests, 0);
        Interlocked.Exchange(ref _throttled, 0);
        Interlocked.Exchange(ref _unauthorized, 0);
        Interlocked.Exchange(ref _records, 0);
        Interlocked.Exchange(ref _compressed, 0);
        Interlocked.Exchange(ref _maxInFlight, Volatile.Read(ref _inFlight));
    }

    internal long Enter()
    {
        var now = Interlocked.Increment(ref _inFlight);
        for (var most = Volatile.Read(ref _maxInFlight); now > most; most = Volatile.Read(ref _maxInFlight))
            Interlocked.CompareExchange(ref _maxInFlight, now, most);
        return Interlocked.Increment(ref _requests);
    }

    internal void Leave() => Interlocked.Decrement(ref _inFlight);

    internal void AddThrottled() => Interlocked.Increment(ref _throttled);

    internal void AddUnauthorized() => Interlocked.Increment(ref _unauthorized);

    internal void AddCompressed() => Interlocked.Increment(ref _compressed);

    internal void AddRecords(int count) => Interlocked.Add(ref _records, count);

    internal void Note(SimulatedRequest request)
    {
        _counts.AddOrUpdate((request.Type, request.Kind), 1, static (_, count) => count + 1);
        lock (_gate)
        {
            _recent.Enqueue(request.Line);
            if (_recent.Count > _most)
                _recent.Dequeue();
        }
    }
}
