namespace BubbleSync.Tests.Survival;

/// <summary>Dates as they are, but pauses so many times shorter: the engine retries and waits as ever, and no test waits with it.</summary>
internal sealed class FastClock(int times) : TimeProvider
{
    public override long TimestampFrequency => System.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow();

    public override long GetTimestamp() => System.GetTimestamp() * times;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, Shorter(dueTime), Shorter(period));

    private TimeSpan Shorter(TimeSpan time) => time > TimeSpan.Zero ? time / times : time;
}
