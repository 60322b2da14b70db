namespace BubbleSync.Etl.Bubble;

/// <summary>Counts what went over the wire. Thread-safe.</summary>
internal sealed class ApiMeter
{
    private long _calls;
    private long _retries;
    private long _throttled;
    private long _bytes;

    /// <summary>The counts so far.</summary>
    public ApiCounts Counts => new(Interlocked.Read(ref _calls), Interlocked.Read(ref _retries), Interlocked.Read(ref _throttled), Interlocked.Read(ref _bytes));

    /// <summary>A request goes out.</summary>
    /// <param name="isRetry">Whether it was sent before.</param>
    public void Sent(bool isRetry)
    {
        Interlocked.Increment(ref _calls);
        if (isRetry)
            Interlocked.Increment(ref _retries);
    }

    /// <summary>Bubble answered 429 or 503.</summary>
    public void Throttled() => Interlocked.Increment(ref _throttled);

    /// <summary>Bytes of a body came in, as unpacked.</summary>
    public void Received(int bytes) => Interlocked.Add(ref _bytes, bytes);
}
