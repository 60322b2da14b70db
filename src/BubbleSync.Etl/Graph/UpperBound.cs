namespace BubbleSync.Etl.Graph;

/// <summary>
/// The upper bound of a run's history, on whichever clock is behind: what is newer belongs to the catch-up pass. The margin is for
/// writes that take a moment to appear in searches. A clock that is days off tells nothing.
/// </summary>
internal static class UpperBound
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WorstClock = TimeSpan.FromDays(1);

    /// <summary>Gives it, once every type was probed.</summary>
    public static DateTimeOffset Of(IEnumerable<FullHistory> histories, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        var clocks = histories.Select(h => h.ServerTime).OfType<DateTimeOffset>().Where(c => (c - now).Duration() < WorstClock).Append(now);
        var moment = clocks.Min() - Margin;
        return new DateTimeOffset(moment.Ticks - (moment.Ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
    }
}
