namespace BubbleSync.Etl.Bubble.Throttling;

/// <summary>
/// Pauses between attempts: half a second, doubled with each attempt, at most 30 seconds. Each is shortened at random by up to a half, so that programs do not
/// return all at once.
/// </summary>
internal static class Backoff
{
    private const double First = 0.5;
    private const double Longest = 30;

    /// <summary>Returns the pause after one or more failed attempts.</summary>
    public static TimeSpan Of(int attempts)
    {
        var seconds = Math.Min(Longest, First * Math.Pow(2, Math.Min(attempts - 1, 10)));
        return TimeSpan.FromSeconds(seconds * (1 - (Random.Shared.NextDouble() / 2)));
    }
}
