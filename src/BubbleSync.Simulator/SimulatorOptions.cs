namespace BubbleSync.Simulator;

/// <summary>How much the simulator holds and how it behaves.</summary>
public sealed record SimulatorOptions
{
    /// <summary>The loopback port to listen on; 0 takes a free one. Default 0.</summary>
    public int Port { get; init; }

    /// <summary>How many invoices are generated; the other types follow in proportion. 0 begins with no record at all. Default 2,000.</summary>
    public int Invoices { get; init; } = 2000;

    /// <summary>Decides all that is generated and when faults strike. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The one bearer token that is let in. Default <c>simulator-token</c>.</summary>
    public string Token { get; init; } = "simulator-token";

    /// <summary>How long every request waits before it is answered. Default none.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>How many requests each minute may see before the rest get 429; 0 for any number. The minute begins with its first request. Default 0.</summary>
    public int RequestsPerMinute { get; init; }

    /// <summary>What goes wrong: <c>name</c> or <c>name=argument</c>, as <see cref="SimulatorFaults.All"/> lists them. Default nothing.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>What the <c>429</c> fault sends as <c>Retry-After</c>, in seconds. Default 1.</summary>
    public int RetryAfterSeconds { get; init; } = 1;

    /// <summary>How long the <c>drip</c> fault waits after each of twenty pieces. Default 20 ms.</summary>
    public TimeSpan DripPause { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Whether answers are compressed for clients that accept it. Default true.</summary>
    public bool Compression { get; init; } = true;

    /// <summary>Whether <c>/meta</c> lists the types with their fields; some apps leave them out. Default true.</summary>
    public bool MetaTypes { get; init; } = true;

    /// <summary>Whether <c>/meta/swagger.json</c> is there; Bubble hides it by default. Default false.</summary>
    public bool Swagger { get; init; }

    /// <summary>Whether <c>exclude_remaining=true</c> leads to a <c>remaining</c> of 0 instead of none. Default false.</summary>
    public bool ExcludedRemainingIsZero { get; init; }

    /// <summary>The longest request line, in bytes; longer ones get 414. Default 8,192.</summary>
    public int LongestRequestLine { get; init; } = 8192;

    /// <summary>How many request lines <see cref="SimulatorTraffic.Recent"/> remembers. Default 1,000.</summary>
    public int RecentRequests { get; init; } = 1000;

    /// <summary>Where the time comes from. Default the system's clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
