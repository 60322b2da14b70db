namespace BubbleSync.Etl.Bubble.Throttling;

/// <summary>
/// When the next request may go out: evenly spaced, slower when Bubble throttles, back up in steps.
/// Requests that come late may catch up by one per cent of a minute's budget, which is held back from the pace, so that no minute holds more than allowed.
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

    /// <summary>Takes the next moment; gives how long to wait before asking again, or zero where it is now.</summary>
    public TimeSpan Reserve()
    {
        lock (_lock)
        {
            var now = Now();
            if (_pausedUntil > now)
                return TimeSpan.FromSeconds(Math.Min(_pausedUntil - now, LongestWait.TotalSeconds));

            var spacing = 1 / _rate;
            var earliest = Math.Max(_next, now - (requestsPerMinute * 0.01 * spacing));
            // A wait below a timer's grain is not worth waiting for; the next request waits for both.
            if (earliest - now > 0.0015)
                return TimeSpan.FromSeconds(Math.Min(earliest - now, LongestWait.TotalSeconds));

            _next = earliest + spacing;
            Count(now);
            return TimeSpan.Zero;
        }
    }

    /// <summary>Slows down, at most once a second, and holds everything for as long as Bubble asked: by half where many answers throttle, by a tenth where one does now and then.</summary>
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

            // The pace may stand far above what is really sent: start from what is sent. While no answer is a good one the trouble is still
            // the same, and says nothing of the pace that follows it: a server that counts by the minute refuses everything to the minute's end.
            var reached = Math.Min(_rate, Math.Max(_sentInStep, 1));
            _trouble = _isRecovering || _trouble == double.MaxValue ? reached : _trouble;
            _rate = Math.Max(reached * (_strain > 0.25 ? 0.5 : 0.9), Math.Max(Math.Min(_ceiling, 0.2), _trouble * 0.2));
            (_lastChange, _isRecovering) = (now, false);
        }
    }

    /// <summary>A step up once a second: fast below the pace that made trouble, slowly beyond it.</summary>
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
