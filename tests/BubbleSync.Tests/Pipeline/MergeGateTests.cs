using BubbleSync.Etl.Pipeline;
using Xunit;

namespace BubbleSync.Tests.Pipeline;

public class MergeGateTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly MergeGate _gate = new([("agent", 0), ("customer", 0), ("user", 1), ("registration", 4)]);

    [Fact]
    public async Task A_level_waits_for_every_entity_of_every_lower_level()
    {
        var second = _gate.BelowAsync(1, CancellationToken.None);
        var last = _gate.BelowAsync(4, CancellationToken.None);

        _gate.Pass("agent");
        Assert.False(second.IsCompleted);

        _gate.Pass("customer");
        await second.WaitAsync(Limit);
        Assert.False(last.IsCompleted);

        _gate.Pass("user");
        await last.WaitAsync(Limit);
    }

    [Fact]
    public void The_lowest_level_waits_for_nothing()
    {
        Assert.True(_gate.BelowAsync(0, CancellationToken.None).IsCompletedSuccessfully);
        Assert.False(_gate.BelowAsync(1, CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task Who_comes_late_finds_the_gate_open()
    {
        _gate.Pass("agent");
        _gate.Pass("customer");

        await _gate.BelowAsync(1, CancellationToken.None).WaitAsync(Limit);
    }

    [Fact]
    public async Task Waiting_can_be_cancelled()
    {
        using var stop = new CancellationTokenSource();
        var waiting = _gate.BelowAsync(1, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Limit));
    }
}
