using BubbleSync.Etl.Graph;
using Xunit;

namespace BubbleSync.Tests.Graph;

public class LevelGateTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_level_waits_for_every_entity_of_every_lower_level()
    {
        var gate = new LevelGate([0, 0, 1, 4]);
        var second = gate.WaitAsync(1, CancellationToken.None);
        var last = gate.WaitAsync(4, CancellationToken.None);

        gate.Pass(0);
        Assert.False(second.IsCompleted);

        gate.Pass(0);
        await second.WaitAsync(Limit);
        Assert.False(last.IsCompleted);

        gate.Pass(1);
        await last.WaitAsync(Limit);
    }

    [Fact]
    public void The_lowest_level_waits_for_nothing()
    {
        var gate = new LevelGate([2, 2, 3]);

        Assert.True(gate.WaitAsync(2, CancellationToken.None).IsCompletedSuccessfully);
        Assert.False(gate.WaitAsync(3, CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task Who_comes_late_finds_the_gate_open()
    {
        var gate = new LevelGate([0, 1]);
        gate.Pass(0);

        await gate.WaitAsync(1, CancellationToken.None).WaitAsync(Limit);
    }

    [Fact]
    public async Task Waiting_can_be_cancelled()
    {
        var gate = new LevelGate([0, 1]);
        using var stop = new CancellationTokenSource();
        var waiting = gate.WaitAsync(1, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Limit));
    }
}
