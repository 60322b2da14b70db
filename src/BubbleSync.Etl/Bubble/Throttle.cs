namespace BubbleSync.Etl.Bubble;

/// <summary>
/// One gate for all entities: at most so many requests in flight, at most so many a minute, those of the lowest rank first.
/// Slows down when Bubble answers 429 or 503 and finds its way back.
/// </summary>
internal sealed class Throttle(int maxConcurrency, int requestsPerMinute, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, (int Rank, long Turn)> _waiting = new();
    private readonly Pace _pace = new(requestsPerMinute, clock);
    private int _inFlight;
    private long _turn;

    /// <summary>Requests in flight now.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Requests a minute that are allowed at the moment.</summary>
    public double AllowedPerMinute => _pace.PerMinute;

    /// <summary>Waits for a place and for its time; call <see cref="Leave"/> afterwards, whatever happened.</summary>
    /// <param name="rank">Lower goes first, so that the merges of some entities can begin while others are read.</param>
    /// <param name="cancellationToken">Gives the wait up.</param>
    public async Task EnterAsync(int rank, CancellationToken cancellationToken)
    {
        await PlaceAsync(rank, cancellationToken);
        try
        {
            // A pause may have been ordered while this request waited for its time: hence again until there is nothing to wait for.
            while (_pace.Reserve() is { Ticks: > 0 } wait)
                await Task.Delay(wait, clock, cancellationToken);
        }
        catch
        {
            Leave();
            throw;
        }
    }

    /// <summary>Gives the place to the next in line.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            while (_waiting.TryDequeue(out var next, out _))
            {
                if (next.TrySetResult())
                    return;
            }

            _inFlight--;
        }
    }

    /// <summary>Bubble asked to slow down: all entities do, at once.</summary>
    /// <param name="retryAfter">How long Bubble asked to wait, or null.</param>
    public void SlowDown(TimeSpan? retryAfter) => _pace.SlowDown(retryAfter);

    /// <summary>Bubble answered as usual: the pace may recover.</summary>
    public void Recover() => _pace.Recover();

    private async Task PlaceAsync(int rank, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource place;
        lock (_lock)
        {
            if (_inFlight < maxConcurrency)
            {
                _inFlight++;
                return;
            }

            place = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(place, (rank, _turn++));
        }

        await using var giveUp = cancellationToken.Register(() => place.TrySetCanceled(cancellationToken));
        await place.Task;
    }
}
