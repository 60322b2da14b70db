using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Pipeline;

namespace BubbleSync.Etl.Runs;

/// <summary>What is to be read: a window, or records that need none.</summary>
/// <param name="Pass">The pass that it belongs to.</param>
/// <param name="Read">Reads it.</param>
internal sealed record Extraction(ReadingPass Pass, Func<CancellationToken, IAsyncEnumerable<Reading>> Read);

/// <summary>
/// One pass of readings through an entity's line. A read failure ends the pass and is thrown to its caller, which may read in another way; only an uncaught
/// failure ends the run.
/// </summary>
internal sealed class ReadingPass : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly FirstFailure _failure = new();

    /// <summary>Begins a pass.</summary>
    /// <param name="graph">Stops with the run's graph.</param>
    /// <param name="cancellationToken">Ends this pass alone.</param>
    public ReadingPass(CancellationToken graph, CancellationToken cancellationToken) =>
        _stop = CancellationTokenSource.CreateLinkedTokenSource(graph, cancellationToken);

    /// <summary>Stops with the first failure of the pass.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>Returns everything up to the first failure of the pass, which is kept.</summary>
    public async IAsyncEnumerable<T> GuardAsync<T>(Func<CancellationToken, IAsyncEnumerable<T>> source)
    {
        await using var items = source(Token).GetAsyncEnumerator(Token);
        while (await TryAsync(items.MoveNextAsync))
            yield return items.Current;
    }

    /// <summary>Throws the failure that ended the pass, if there is one.</summary>
    public void ThrowIfFailed() => _failure.Throw();

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private async ValueTask<bool> TryAsync(Func<ValueTask<bool>> next)
    {
        try
        {
            Token.ThrowIfCancellationRequested();
            return await next();
        }
#pragma warning disable CA1031 // The pass's caller receives every exception.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _failure.Add(failure, isStopping: Token.IsCancellationRequested);
            await _stop.CancelAsync();
            return false;
        }
    }
}
