using BubbleSync.Etl.Bubble.Throttling;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>While nothing but failures come, few requests go out.</summary>
public sealed class OutageGateTests
{
    private readonly ManualClock _clock = new();
    private readonly OutageGate _gate;

    public OutageGateTests() => _gate = new OutageGate(_clock);

    [Fact]
    public void Failures_between_good_answers_hold_nobody_back()
    {
        for (var request = 0; request < 100; request++)
        {
            Fail(Pass());
            Fail(Pass());
            _gate.Recover();
        }

        Assert.Equal((0, TimeSpan.Zero), (_gate.Round, _gate.Lasted));
    }

    [Fact]
    public void After_three_failures_in_a_row_one_request_at_a_time_goes_out()
    {
        Close();

        Assert.True(_gate.Reserve(out _) > TimeSpan.Zero);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var probe = Pass();
        Assert.True(_gate.Reserve(out _) > TimeSpan.Zero);
        Fail(probe);
        Assert.True(_gate.Reserve(out _) > TimeSpan.Zero);
        Assert.Equal(2, _gate.Round);
    }

    [Fact]
    public void The_first_good_answer_opens_it_for_all()
    {
        Close();
        _clock.Advance(TimeSpan.FromSeconds(1));
        Pass();

        _gate.Recover();

        Assert.All(Enumerable.Range(0, 10), _ => Pass());
        Assert.Equal((0, TimeSpan.Zero), (_gate.Round, _gate.Lasted));
    }

    [Fact]
    public void Of_the_requests_that_were_under_way_when_it_closed_none_lengthens_the_pause()
    {
        var underWay = Enumerable.Range(0, 8).Select(_ => Pass()).ToList();

        var pauses = underWay.Select(Fail).Where(pause => pause > TimeSpan.Zero).ToList();

        Assert.InRange(Assert.Single(pauses).TotalSeconds, 0.25, 0.5);
        Assert.Equal(1, _gate.Round);
    }

    [Fact]
    public void A_probe_that_is_called_off_makes_room_for_another()
    {
        Close();
        _clock.Advance(TimeSpan.FromSeconds(1));
        var probe = Pass();

        _gate.Leave(probe);

        Pass();
    }

    [Fact]
    public void Pauses_double_up_to_half_a_minute_and_the_outage_counts_from_its_first_failure()
    {
        Close();
        var pauses = new List<double>();
        for (var probe = 0; probe < 10; probe++)
        {
            long turn;
            while (_gate.Reserve(out turn) is { Ticks: > 0 } wait)
                _clock.Advance(wait);
            pauses.Add(Fail(turn).TotalSeconds);
        }

        Assert.All(pauses.Index(), p => Assert.InRange(p.Item, Math.Min(30, Math.Pow(2, p.Index)) / 2, Math.Min(30, Math.Pow(2, p.Index))));
        Assert.Equal(_clock.Seconds, _gate.Lasted.TotalSeconds, 3);
    }

    private void Close()
    {
        for (var failure = 0; failure < 3; failure++)
            Fail(Pass());
    }

    private long Pass()
    {
        Assert.Equal(TimeSpan.Zero, _gate.Reserve(out var turn));
        return turn;
    }

    private TimeSpan Fail(long turn)
    {
        var pause = _gate.Fail(turn);
        _gate.Leave(turn);
        return pause;
    }
}
