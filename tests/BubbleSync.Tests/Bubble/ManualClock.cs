namespace BubbleSync.Tests.Bubble;

/// <summary>A clock that stands still until it is advanced.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long _now;

    public double Seconds => (double)_now / TimeSpan.TicksPerSecond;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(_now);

    // Never by nothing: a wait of a hundred nanoseconds is a wait.
    public void Advance(TimeSpan by) => _now += Math.Max(1, by.Ticks);
}
