namespace BubbleSync.Etl.Bubble.Throttling;

/// <summary>
/// Holds requests back while Bubble does not answer as it should. After a few failures in a row it closes: one request at a time goes out as a probe,
/// after pauses that double up to 30 seconds. The first good answer opens it for all.
/// </summary>
internal sealed class OutageGate(TimeProvider clock)
{
    private const int FailuresThatClose = 3;

    private static readonly TimeSpan ProbePoll = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private long? _since;
    private long _closedAt;
    private TimeSpan _pause;
    private long _turn;
    private int _failures;
    private int _round;
    private bool _isProbing;

    /// <summary>The time since the first failure; zero where the last answer was good.</summary>
    public TimeSpan Lasted
    {
        get
        {
            lock (_lock)
                return _since is { } since ? clock.GetElapsedTime(since) : TimeSpan.Zero;
        }
    }

    /// <summary>The number of failed probes in a row, where the failures that closed the gate count as one; 0 while the gate is open.</summary>
    public int Round
    {
        get
        {
            lock (_lock)
                return _round;
        }
    }

    /// <summary>Lets a request pass, or returns how long it waits before it asks again.</summary>
    /// <param name="turn">The number to give back with the result.</param>
    public TimeSpan Reserve(out long turn)
    {
        lock (_lock)
        {
            turn = _turn;
            if (_round == 0)
                return TimeSpan.Zero;

            var left = _pause - clock.GetElapsedTime(_closedAt);
            if (left > TimeSpan.Zero)
                return left;

            if (_isProbing)
                return ProbePoll;

            _isProbing = true;
            return TimeSpan.Zero;
        }
    }

    /// <summary>Ends a request that passed. If it was the probe and had no result, another one may be sent.</summary>
    public void Leave(long turn)
    {
        lock (_lock)
            _isProbing &= turn != _turn;
    }

    /// <summary>Records a failure. Returns the pause that begins with it, or zero where none does.</summary>
    /// <param name="turn">The number with which it passed: only one of the requests in progress when the gate closed counts.</param>
    public TimeSpan Fail(long turn)
    {
        lock (_lock)
        {
            _since ??= clock.GetTimestamp();
            _failures++;
            if (turn != _turn || _failures < FailuresThatClose)
                return TimeSpan.Zero;

            _round++;
            (_turn, _isProbing) = (_turn + 1, false);
            (_closedAt, _pause) = (clock.GetTimestamp(), Backoff.Of(_round));
            return _pause;
        }
    }

    /// <summary>Records a good answer.</summary>
    public void Recover()
    {
        lock (_lock)
        {
            if (_since is null)
                return;

            (_since, _failures, _round, _isProbing) = (null, 0, 0, false);
            _turn++;
        }
    }
}
