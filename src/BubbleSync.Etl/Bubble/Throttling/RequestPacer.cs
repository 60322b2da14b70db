namespace BubbleSync.Etl.Bubble.Throttling;

/// <summary>
/// Decides when the next request is sent: evenly spaced. After Bubble refused requests, a little slower than it took them before, then faster in steps.
/// Late requests may catch up by one per cent of a minute's budget, which is kept back from the pace, so that no minute has more requests than allowed.
/// </summary>
internal sealed class RequestPacer(int requestsPerMinute, TimeProvider clock)
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestLag = TimeSpan.FromSeconds(0.6);

    private readonly Lock _lock = new();
    private readonly double _ceiling = requestsPerMinute / 60.0 * 0.99;
    private readonly long _start = clock.GetTimestamp();
    private double _rate = requestsPerMinute / 60.0 * 0.99;
    private double _taken = double.MaxValue;
    private double _next;
    private double _pausedUntil;
    private double _lastChange;
    private double _lastRefusal;
    private double _heldUntil;
    private double _countedFrom;
    private double _goodSince;
    private double _sentSince;
    private double _sentInStep;
    private double _strain;

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
            // Less than a tick of a TimeSpan would be no wait.
            if (TimeSpan.FromSeconds(Math.Min(_pausedUntil - now, LongestWait.TotalSeconds)) is { Ticks: > 0 } pause)
                return pause;

            var spacing = 1 / _rate;
            // Where Bubble takes less than allowed, many at once would be refused.
            var catchUp = _taken < double.MaxValue ? Math.Min(2, requestsPerMinute * 0.01) : requestsPerMinute * 0.01;
            var earliest = Math.Max(_next, now - Math.Min(catchUp * spacing, LongestLag.TotalSeconds));
            // A wait shorter than a timer can measure is skipped; the next request waits for both.
            if (earliest - now > 0.0015)
                return TimeSpan.FromSeconds(Math.Min(earliest - now, LongestWait.TotalSeconds));

            _next = earliest + spacing;
            Count(now);
            return TimeSpan.Zero;
        }
    }

    /// <summary>
    /// Slows down, at most once a second, and holds everything for as long as Bubble asked. The new pace lies a little below what Bubble took since it last
    /// refused; where it has taken nothing since, the pace is halved.
    /// </summary>
    public void SlowDown(TimeSpan? retryAfter)
    {
        lock (_lock)
        {
            var now = Now();
            if (retryAfter is { } pause)
                _pausedUntil = Math.Max(_pausedUntil, now + pause.TotalSeconds);
            _strain = (_strain * 0.9) + 0.1;
            // Refusals of requests that were sent at the old pace.
            if (now - _lastRefusal < Step.TotalSeconds && _taken < double.MaxValue)
                return;

            var slowest = Math.Min(_ceiling, 0.2);
            if (_taken == double.MaxValue)
            {
                // The pace may be far above the number of requests really sent, and a server may take many at first.
                _taken = Math.Min(_rate, Math.Max(_sentInStep, 1));
                (_rate, _countedFrom) = (Math.Max(_taken * 0.9, slowest), now);
            }
            else if (_goodSince > 0)
            {
                _taken = Math.Min(_rate, Math.Max(_goodSince / Math.Max(now - _countedFrom, 0.5), slowest));
                _countedFrom = now;
                // A single refusal among many good answers has other causes than the pace.
                _rate = Math.Max(_taken * (_strain > 0.15 || retryAfter is not null ? 0.95 : 0.99), slowest);
            }
            else
            {
                // A server that counts by the minute refuses everything until the end of the minute.
                _rate = Math.Max(_rate * 0.5, Math.Max(slowest, _taken * 0.2));
            }

            (_goodSince, _lastRefusal, _lastChange) = (0, now, now);
            _heldUntil = now + Math.Clamp(3 * (retryAfter ?? TimeSpan.Zero).TotalSeconds, Step.TotalSeconds, LongestHold.TotalSeconds);
        }
    }

    /// <summary>One step up each second: large steps far below or far above the pace that Bubble took last, small ones near it.</summary>
    public void Recover()
    {
        lock (_lock)
        {
            _strain *= 0.9;
            _goodSince++;
            var now = Now();
            // Bubble has taken all that is allowed for a while: what it refused is over.
            if (_rate >= _ceiling && now - _lastRefusal > LongestWait.TotalSeconds)
                _taken = double.MaxValue;
            if (_rate >= _ceiling || now - _lastChange < Step.TotalSeconds || _pausedUntil > now)
                return;

            if (_rate < 0.9 * _taken)
                _rate = Math.Min(_rate * 1.5, 0.95 * _taken);
            else if (now < _heldUntil)
                return;
            else
                _rate *= _rate < 1.1 * _taken ? 1.02 : _rate < 1.5 * _taken ? 1.05 : 1.5;
            (_rate, _lastChange) = (Math.Min(_ceiling, _rate), now);
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
