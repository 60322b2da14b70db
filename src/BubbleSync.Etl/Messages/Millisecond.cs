namespace BubbleSync.Etl.Messages;

/// <summary>The grain of Bubble's clock: dates are kept and compared on whole milliseconds.</summary>
internal static class Millisecond
{
    /// <summary>The last whole millisecond that is not after the moment, in UTC.</summary>
    public static DateTimeOffset Floor(DateTimeOffset moment) => new(moment.UtcTicks - (moment.UtcTicks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
}
