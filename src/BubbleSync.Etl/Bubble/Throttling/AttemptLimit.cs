namespace BubbleSync.Etl.Bubble.Throttling;

/// <summary>Reads an answer within the time of its attempt.</summary>
internal delegate Task<T> ReadAnswer<T>(HttpResponseMessage response, AttemptLimit limit);

/// <summary>The time that one attempt may take. The clock stops while the attempt waits for memory, which is not the source's fault.</summary>
internal sealed class AttemptLimit : IDisposable
{
    private readonly TimeSpan _time;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _either;

    /// <summary>Starts the time.</summary>
    public AttemptLimit(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        (_time, _caller) = (time, cancellationToken);
        _limit = new CancellationTokenSource(time, clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _limit.Token);
    }

    /// <summary>Cancelled when the time is over, or by the caller.</summary>
    public CancellationToken Token => _either.Token;

    /// <summary>Waits without a limit; then the time begins again.</summary>
    public async Task PauseAsync(Func<CancellationToken, Task> wait)
    {
        _limit.CancelAfter(Timeout.InfiniteTimeSpan);
        await wait(_caller);
        _limit.CancelAfter(_time);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _either.Dispose();
        _limit.Dispose();
    }
}
