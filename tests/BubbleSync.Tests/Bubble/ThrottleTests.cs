using BubbleSync.Etl.Bubble.Throttling;
using Xunit;

namespace BubbleSync.Tests.Bubble;

public class ThrottleTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Of_those_who_wait_the_lowest_rank_goes_first_and_within_it_who_came_first()
    {
        var throttle = new Throttle(1, int.MaxValue, TimeProvider.System);
        var turn = await throttle.EnterAsync(9, CancellationToken.None);
        var waiting = new (int Rank, string Name)[] { (2, "a"), (1, "b"), (0, "c"), (1, "d") }
            .Select(w => (w.Name, Entered: throttle.EnterAsync(w.Rank, CancellationToken.None))).ToList();

        var order = "";
        while (waiting.Count > 0)
        {
            throttle.Leave(turn);
            var next = await Task.WhenAny(waiting.Select(w => w.Entered)).WaitAsync(Limit);
            var (name, _) = Assert.Single(waiting, w => w.Entered.IsCompleted);
            order += name;
            waiting.RemoveAll(w => w.Entered == next);
        }

        Assert.Equal("cbda", order);
    }

    [Fact]
    public async Task Who_gives_up_waiting_takes_no_place()
    {
        var throttle = new Throttle(1, int.MaxValue, TimeProvider.System);
        var turn = await throttle.EnterAsync(0, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var gaveUp = throttle.EnterAsync(0, stop.Token);
        var stays = throttle.EnterAsync(1, CancellationToken.None);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gaveUp.WaitAsync(Limit));
        throttle.Leave(turn);

        await stays.WaitAsync(Limit);
        Assert.Equal(1, throttle.InFlight);
    }

    [Fact]
    public async Task Each_request_waits_for_its_place_in_the_pace_and_gives_its_other_place_back()
    {
        var clock = new ManualClock();
        var throttle = new Throttle(1, 60, clock);
        throttle.Leave(await throttle.EnterAsync(0, CancellationToken.None).WaitAsync(Limit));
        using var stop = new CancellationTokenSource();
        var gaveUp = throttle.EnterAsync(0, stop.Token);

        Assert.False(gaveUp.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gaveUp.WaitAsync(Limit));
        Assert.Equal(0, throttle.InFlight);

        clock.Advance(TimeSpan.FromMinutes(1));
        throttle.Leave(await throttle.EnterAsync(0, CancellationToken.None).WaitAsync(Limit));
        Assert.Equal(0, throttle.InFlight);
    }
}
