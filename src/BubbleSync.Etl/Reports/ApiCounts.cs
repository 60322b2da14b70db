namespace BubbleSync.Etl.Reports;

/// <summary>The requests of a run to the Data API.</summary>
/// <param name="Calls">Requests sent, repeated ones included.</param>
/// <param name="Retries">Of these, the repeated ones.</param>
/// <param name="Throttled">Answers 429 and 503.</param>
/// <param name="Bytes">Bytes of bodies received, as unpacked.</param>
public sealed record ApiCounts(long Calls, long Retries, long Throttled, long Bytes)
{
    /// <summary>Returns the sum of both.</summary>
    internal ApiCounts With(ApiCounts other) => new(Calls + other.Calls, Retries + other.Retries, Throttled + other.Throttled, Bytes + other.Bytes);
}
