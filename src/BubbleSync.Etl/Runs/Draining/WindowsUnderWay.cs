using System.Runtime.CompilerServices;
using BubbleSync.Etl.Messages;

namespace BubbleSync.Etl.Runs.Draining;

/// <summary>
/// Reading that can be asked to end in good order: windows of which a page has come are read to their end, and no other begins. A request that would begin one
/// is given up, also while it waits for its turn.
/// </summary>
internal sealed class WindowsUnderWay
{
    private const int NotBegun = 0;
    private const int Begun = 1;
    private const int Left = 2;

    private int _count;

    /// <summary>The windows of which a page has come, but not the last one.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Returns what comes until the run is asked to end.</summary>
    public static async IAsyncEnumerable<T> UntilAsync<T>(
        Func<CancellationToken, IAsyncEnumerable<T>> source, CancellationToken drain, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, drain);
        await using var items = source(either.Token).GetAsyncEnumerator(either.Token);
        while (await MoveAsync(items, drain, cancellationToken) && !drain.IsCancellationRequested)
            yield return items.Current;
    }

    /// <summary>Returns the pages of a window; none if the run was asked to end before the first one came.</summary>
    public async IAsyncEnumerable<Reading> ReadAsync(
        Func<CancellationToken, IAsyncEnumerable<Reading>> source, CancellationToken drain, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var state = NotBegun;
        await using var asked = drain.Register(() =>
        {
            if (Interlocked.CompareExchange(ref state, Left, NotBegun) == NotBegun)
                stop.Cancel();
        });
        await using var readings = source(stop.Token).GetAsyncEnumerator(stop.Token);
        if (!await MoveAsync(readings, drain, cancellationToken))
            yield break;

        if (Interlocked.CompareExchange(ref state, Begun, NotBegun) != NotBegun)
        {
            readings.Current.Dispose();
            yield break;
        }

        Interlocked.Increment(ref _count);
        try
        {
            do
                yield return readings.Current;
            while (await readings.MoveNextAsync());
        }
        finally
        {
            Interlocked.Decrement(ref _count);
        }
    }

    private static async Task<bool> MoveAsync<T>(IAsyncEnumerator<T> items, CancellationToken drain, CancellationToken cancellationToken)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (OperationCanceledException) when (drain.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
