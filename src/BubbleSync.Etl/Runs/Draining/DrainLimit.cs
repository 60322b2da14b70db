using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Runs.Draining;

/// <summary>Limits work from the moment when the run is asked to stop: a source that stalls must not keep a run from ending.</summary>
/// <param name="drain">Asks the run to stop.</param>
internal sealed class DrainLimit(CancellationToken drain)
{
    /// <summary>Does the work.</summary>
    /// <param name="work">The work.</param>
    /// <param name="longest">How long it may go on after the run was asked to stop.</param>
    /// <param name="cancellationToken">Stops it at once.</param>
    /// <exception cref="SyncException">The run was asked to stop, and the time is over.</exception>
    public Task RunAsync(Func<CancellationToken, Task> work, TimeSpan longest, CancellationToken cancellationToken) => RunAsync(
        async token =>
        {
            await work(token);
            return true;
        },
        longest, cancellationToken);

    /// <summary>Does the work and returns its result.</summary>
    /// <param name="work">The work.</param>
    /// <param name="longest">How long it may go on after the run was asked to stop.</param>
    /// <param name="cancellationToken">Stops it at once.</param>
    /// <exception cref="SyncException">The run was asked to stop, and the time is over.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, TimeSpan longest, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var limit = drain.Register(() => stop.CancelAfter(longest));
        try
        {
            return await work(stop.Token);
        }
        catch (OperationCanceledException ended) when (drain.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new SyncException(new SyncError(SyncStage.Extract, null, null, null, ErrorCode.Cancelled, "The run was asked to stop."), ended);
        }
    }
}
