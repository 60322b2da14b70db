using BubbleSync.Etl.Bubble.Throttling;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>The shared throttle on a clock of its own: as fast as allowed, never faster, and back again after trouble.</summary>
public sealed class RequestPacerTests
{
    private const int Allowed = 1000;

    private readonly ManualClock _clock = new();

    [Fact]
    public void No_minute_holds_more_than_allowed_and_hardly_any_less()
    {
        var pace = new RequestPacer(Allowed, _clock);
        var sent = new Queue<double>();
        var (total, most) = (0, 0);

        for (var minutes = 5; _clock.Seconds < minutes * 60; total++)
        {
            Send(pace);
            sent.Enqueue(_clock.Seconds);
            while (sent.Peek() <= _clock.Seconds - 60)
                sent.Dequeue();
            most = Math.Max(most, sent.Count);
        }

        Assert.InRange(most, 0.98 * Allowed, Allowed);
        Assert.InRange(total, 0.98 * Allowed * 5, Allowed * 5);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(Allowed)]
    [InlineData(6000)]
    public void No_minute_of_the_servers_holds_more_though_the_first_request_travels_longest(int allowed)
    {
        // It makes the connections: 0.3 s more of the fastest pace would be 30 requests.
        const double Connecting = 0.3;
        var pace = new RequestPacer(allowed, _clock);
        Send(pace);
        var began = _clock.Seconds + Connecting;

        var inItsMinute = 1;
        for (Send(pace); _clock.Seconds < began + 60; Send(pace))
            inItsMinute++;

        Assert.InRange(inItsMinute, 0.98 * allowed, allowed);
    }

    [Fact]
    public void What_Bubble_asks_one_request_to_wait_all_wait()
    {
        var pace = new RequestPacer(Allowed, _clock);
        Send(pace);

        pace.SlowDown(TimeSpan.FromSeconds(20));

        Assert.Equal(20, pace.Reserve().TotalSeconds, 3);
        _clock.Advance(TimeSpan.FromSeconds(19.5));
        Assert.Equal(0.5, pace.Reserve().TotalSeconds, 3);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(120)]
    public void After_trouble_the_pace_finds_back_to_nine_tenths_of_what_is_allowed(int secondsOfTrouble)
    {
        var pace = new RequestPacer(Allowed, _clock);
        while (_clock.Seconds < 60)
            Answer(pace, isGood: true);
        while (_clock.Seconds < 60 + secondsOfTrouble)
            Answer(pace, isGood: false);
        var worst = pace.PerMinute;

        while (_clock.Seconds < 60 + secondsOfTrouble + 180)
            Answer(pace, isGood: true);

        Assert.InRange(worst, 1, 0.95 * Allowed);
        Assert.InRange(pace.PerMinute, 0.9 * Allowed, Allowed);
    }

    [Theory]
    [InlineData(600, true)]
    [InlineData(100, true)]
    [InlineData(600, false)]
    [InlineData(100, false)]
    public void A_server_that_allows_less_is_used_to_nine_tenths_whether_it_says_how_long_to_wait_or_not(int serverAllows, bool says)
    {
        const int Minutes = 20;
        var pace = new RequestPacer(Allowed, _clock);
        var (good, refused, inMinute, minute) = (0, 0, 0, -1);

        while (_clock.Seconds < Minutes * 60)
        {
            Send(pace);
            (inMinute, minute) = (int)(_clock.Seconds / 60) == minute ? (inMinute, minute) : (0, (int)(_clock.Seconds / 60));
            if (inMinute++ < serverAllows)
            {
                good++;
                pace.Recover();
            }
            else
            {
                refused++;
                pace.SlowDown(says ? TimeSpan.FromSeconds(((minute + 1) * 60) - _clock.Seconds) : null);
            }
        }

        Assert.InRange(good, 0.9 * serverAllows * Minutes, (serverAllows * Minutes) + 1);
        Assert.InRange(refused, 0, (says ? 0.1 : 0.5) * good);
    }

    // A server that fills a bucket of so many requests with so many a second, as most gateways do. It is far below what is allowed.
    [Theory]
    [InlineData(40, 40, false)]
    [InlineData(40, 40, true)]
    [InlineData(20, 20, false)]
    [InlineData(16, 500, false)]
    public void A_server_that_takes_so_many_a_second_is_used_to_nine_tenths_and_refuses_few(int perSecond, int atOnce, bool says)
    {
        const int Seconds = 300;
        var pace = new RequestPacer(1_000_000, _clock);
        var (good, refused, bucket, filled) = (0, 0, (double)atOnce, 0.0);

        while (_clock.Seconds < Seconds)
        {
            Send(pace);
            (bucket, filled) = (Math.Min(atOnce, bucket + ((_clock.Seconds - filled) * perSecond)), _clock.Seconds);
            if (bucket >= 1)
            {
                (bucket, good) = (bucket - 1, good + 1);
                pace.Recover();
            }
            else
            {
                refused++;
                pace.SlowDown(says ? TimeSpan.FromSeconds(1) : null);
            }

            // The answer takes its time, and eight are in flight.
            _clock.Advance(TimeSpan.FromMilliseconds(2));
        }

        Assert.InRange(good, 0.9 * perSecond * Seconds, (perSecond * Seconds) + atOnce + 1);
        Assert.InRange(refused, 0, 0.025 * good);
    }

    private void Answer(RequestPacer pace, bool isGood)
    {
        Send(pace);
        if (isGood)
            pace.Recover();
        else
            pace.SlowDown(null);
    }

    private void Send(RequestPacer pace)
    {
        while (pace.Reserve() is { Ticks: > 0 } wait)
            _clock.Advance(wait);
    }
}
