namespace BubbleSync.Tests.Sync;

/// <summary>A clock that stands where it is set; pauses last as long as ever.</summary>
internal sealed class SetClock(string now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = Invoices.Moment(now);

    public override DateTimeOffset GetUtcNow() => Now;
}
