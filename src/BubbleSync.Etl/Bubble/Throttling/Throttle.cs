using BubbleSync.Etl.Messages;

namespace BubbleSync.Etl.Bubble.Throttling;

/// <summary>
/// Limits the requests of all entities, in flight and per minute; those of the lowest rank go first.
/// Slows down when Bubble answers 429 or 503, and sends one request at a time while Bubble does not answer as it should.
/// </summary>
internal sealed class Throttle(int maxConcurrency, int requestsPerMinute, TimeProvider clock, CancellationToken drain = default)
{
    /// <summary>The longest wait that is not reported.</summary>
    public static readonly TimeSpan ReportedWait = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly PrioritySlots _slots = new(maxConcurrency);
    private readonly RequestPacer _pace = new(requestsPerMinute, clock);
    private readonly OutageGate _gate = new(clock);
    private readonly EndingWaits _waits = new(clock, drain);
    private DateTimeOffset _waitingUntil = DateTimeOffset.MinValue;

    /// <summary>Requests in flight now.</summary>
    public int InFlight => _slots.Taken;

    /// <summary>Requests a minute that are allowed at the moment.</summary>
    public double AllowedPerMinute => _pace.PerMinute;

    /// <summary>The time since the first failure; zero where the last answer was good.</summary>
    public TimeSpan OutageLasted => _gate.Lasted;

    /// <summary>The number of failed probes in a row; 0 where requests are sent as usual.</summary>
    public int OutageRound => _gate.Round;

    /// <summary>The end of the current wait, if it is longer than ten seconds; else null.</summary>
    public DateTimeOffset? WaitingUntil
    {
        get
        {
            lock (_lock)
                return _waitingUntil > clock.GetUtcNow() ? _waitingUntil : null;
        }
    }

    /// <summary>Waits for a free place and for the pace; always call <see cref="Leave"/> afterwards. Returns the request's turn.</summary>
    /// <param name="rank">Lower goes first, so that the merges of some entities can begin while others are read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<long> EnterAsync(int rank, CancellationToken cancellationToken)
    {
        await _slots.EnterAsync(rank, cancellationToken);
        try
        {
            // A pause may begin while this request waits: so it asks again until there is nothing to wait for.
            long turn;
            while (Reserve(out turn) is { Ticks: > 0 } wait)
                await _waits.WaitAsync(wait, cancellationToken);
            return turn;
        }
        catch
        {
            _slots.Leave();
            throw;
        }
    }

    /// <summary>Frees the slot for the next request.</summary>
    /// <param name="turn">What <see cref="EnterAsync"/> returned.</param>
    public void Leave(long turn)
    {
        _gate.Leave(turn);
        _slots.Leave();
    }

    /// <summary>
    /// Slows all entities down at once, because Bubble asked for it. Returns the end of the wait if one begins that is to be reported, else null.
    /// </summary>
    /// <param name="retryAfter">How long Bubble asked to wait, or null.</param>
    public DateTimeOffset? SlowDown(TimeSpan? retryAfter)
    {
        _pace.SlowDown(retryAfter);
        return Report(retryAfter ?? TimeSpan.Zero);
    }

    /// <summary>
    /// Records a failure: if several requests fail and none succeeds, the others wait.
    /// Returns the end of the wait if one begins that is to be reported, else null.
    /// </summary>
    /// <param name="turn">What <see cref="EnterAsync"/> returned.</param>
    public DateTimeOffset? Fail(long turn) => Report(_gate.Fail(turn));

    /// <summary>Records a good answer: the pace may recover, and waiting requests may be sent.</summary>
    public void Recover()
    {
        _pace.Recover();
        _gate.Recover();
    }

    /// <summary>Records a permanent refusal: Bubble answers, so waiting requests may be sent.</summary>
    public void Answered() => _gate.Recover();

    /// <summary>Waits before the next attempt of a request.</summary>
    public Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken) => _waits.WaitAsync(pause, cancellationToken);

    private TimeSpan Reserve(out long turn)
    {
        if (_gate.Reserve(out turn) is { Ticks: > 0 } closed)
            return closed;

        var wait = _pace.Reserve();
        if (wait > TimeSpan.Zero)
            _gate.Leave(turn);
        return wait;
    }

    // Several requests in flight receive the same wait; it is reported once.
    private DateTimeOffset? Report(TimeSpan wait)
    {
        if (wait <= ReportedWait)
            return null;

        lock (_lock)
        {
            var until = clock.GetUtcNow() + wait;
            var isKnown = until <= _waitingUntil + ReportedWait;
            _waitingUntil = until > _waitingUntil ? until : _waitingUntil;
            return isKnown ? null : until;
        }
    }
}
