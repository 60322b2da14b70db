using BubbleSync.Etl.Model;

namespace BubbleSync.Etl.Graph;

/// <summary>Up to when a run that begins now knows what there is, on whichever clock is behind.</summary>
internal static class UpperBound
{
    // For writes that take a moment to appear in searches. A clock that is days off tells nothing.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WorstClock = TimeSpan.FromDays(1);

    /// <summary>Gives the moment, on a whole millisecond, from Bubble's clock as its answers told it and from ours.</summary>
    public static DateTimeOffset Of(IEnumerable<DateTimeOffset?> serverTimes, DateTimeOffset now)
    {
        var moment = serverTimes.OfType<DateTimeOffset>().Where(c => (c - now).Duration() < WorstClock).Append(now).Min() - Margin;
        return Millisecond.Floor(moment);
    }
}
