using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Bubble.Throttling;

/// <summary>Waits before requests. A run that was asked to stop ends instead of a wait of more than a second.</summary>
/// <param name="clock">The clock.</param>
/// <param name="drain">Asks the run to stop; requests are still sent.</param>
internal sealed class EndingWaits(TimeProvider clock, CancellationToken drain)
{
    private static readonly TimeSpan LongestAtEnd = TimeSpan.FromSeconds(1);

    /// <summary>Waits.</summary>
    /// <exception cref="SyncException">The run was asked to stop.</exception>
    public Task WaitAsync(TimeSpan time, CancellationToken cancellationToken) =>
        time <= LongestAtEnd || !drain.CanBeCanceled ? Task.Delay(time, clock, cancellationToken) : WaitUnlessStoppedAsync(time, cancellationToken);

    private async Task WaitUnlessStoppedAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, drain);
        try
        {
            await Task.Delay(time, clock, either.Token);
        }
        catch (OperationCanceledException ended) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SyncException(new SyncError(
                SyncStage.Extract, null, null, null, ErrorCode.Cancelled, "The run was asked to stop while it waited for Bubble."), ended);
        }
    }
}
