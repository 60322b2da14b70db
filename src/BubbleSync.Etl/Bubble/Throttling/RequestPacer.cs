namespace BubbleSync.Etl.Bubble.Throttling;

/// <summary>
/// Decides when the next request is sent: evenly spaced, slower when Bubble throttles, then faster again in steps.
/// Late requests may catch up by one per cent of a minute's budget, which is kept back from the pace, so that no minute has more requests than allowed.
/// </summary>
internal sealed class RequestPacer(int requestsPerMinute, TimeProvider clock)
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly double _ceiling = requestsPerMinute / 60.0 * 0.99;
    private readonly long _start = clock.GetTimestamp();
    private double _rate = requestsPerMinute / 60.0 * 0.99;
    private double _trouble = double.MaxValue;
    private double _next;
    private double _pausedUntil;
    private double _lastChange;
    private double _sentSince;
    private double _sentInStep;
    private double _strain;
    private bool _isRecovering;

    /// <summary>Requests a minute at the present pace.</summary>
    public double PerMinute
    {
        get
        {
            lock (_lock)
                return _rate >= _ceiling ? requestsPerMinute : _rate * 60;
        }
    }

    /// <summary>Takes the next moment; returns how long to wait before asking again, or zero if the request may be sent now.</summary>
    public TimeSpan Reserve()
    {
        lock (_lock)
        {
            var now = Now();
            if (_pausedUntil > now)
                return TimeSpan.FromSeconds(Math.Min(_pausedUntil - now, LongestWait.TotalSeconds));

            var spacing = 1 / _rate;
            var earliest = Math.Max(_next, now - (requestsPerMinute * 0.01 * spacing));
            // A wait shorter than a timer can measure is skipped; the next request waits for both.
            if (earliest - now > 0.0015)
                return TimeSpan.FromSeconds(Math.Min(earliest - now, LongestWait.TotalSeconds));

            _next = earliest + spacing;
            Count(now);
            return TimeSpan.Zero;
        }
    }

    /// <summary>
    /// Slows down, at most once a second, and holds everything for as long as Bubble asked: by half if many answers throttle, by a tenth if only single ones
    /// do.
    /// </summary>
    public void SlowDown(TimeSpan? retryAfter)
    {
        lock (_lock)
        {
            var now = Now();
            if (retryAfter is { } pause)
                _pausedUntil = Math.Max(_pausedUntil, now + pause.TotalSeconds);
            _strain = (_strain * 0.9) + 0.1;
            if (now - _lastChange < Step.TotalSeconds && _trouble < double.MaxValue)
                return;

            // The pace may be far above the number of requests really sent, so that number is the start. Until a good answer comes, refusals belong to the same
            // event and do not lower the pace again: a server that counts by the minute refuses everything until the end of the minute.
            var reached = Math.Min(_rate, Math.Max(_sentInStep, 1));
            _trouble = _isRecovering || _trouble == double.MaxValue ? reached : _trouble;
            _rate = Math.Max(reached * (_strain > 0.25 ? 0.5 : 0.9), Math.Max(Math.Min(_ceiling, 0.2), _trouble * 0.2));
            (_lastChange, _isRecovering) = (now, false);
        }
    }

    /// <summary>One step up each second: fast below the pace that was throttled, slowly above it.</summary>
    public void Recover()
    {
        lock (_lock)
        {
            _strain *= 0.9;
            _isRecovering = true;
            var now = Now();
            if (_rate >= _ceiling || now - _lastChange < Step.TotalSeconds || _pausedUntil > now)
                return;

            _rate = Math.Min(_ceiling, _rate * (_rate < 0.9 * _trouble ? 1.5 : 1.05));
            _lastChange = now;
        }
    }

    private void Count(double now)
    {
        if (now - _sentSince >= Step.TotalSeconds)
            (_sentSince, _sentInStep) = (now, 0);
        _sentInStep++;
    }

    private double Now() => clock.GetElapsedTime(_start).TotalSeconds;
}
