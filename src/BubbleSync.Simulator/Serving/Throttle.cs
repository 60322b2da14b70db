namespace BubbleSync.Simulator.Serving;

/// <summary>Lets so many requests pass in each minute; a minute begins with its first request.</summary>
internal sealed class Throttle(int perMinute, TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _minute;
    private int _passed = int.MaxValue;

    /// <summary>Null to pass, or the seconds to wait.</summary>
    public int? SecondsToWait()
    {
        if (perMinute == 0)
            return null;

        lock (_gate)
        {
            var left = TimeSpan.FromMinutes(1) - time.GetElapsedTime(_minute);
            if (_passed == int.MaxValue || left <= TimeSpan.Zero)
            {
                _minute = time.GetTimestamp();
                _passed = 0;
            }
            else if (_passed >= perMinute)
            {
                return (int)Math.Ceiling(left.TotalSeconds);
            }

            _passed++;
            return null;
        }
    }
}
