namespace BubbleSync.Etl.Pipeline;

/// <summary>Runs work in parallel: the first failure stops the rest and is thrown, also if a cancellation came before it.</summary>
internal static class ParallelWork
{
    /// <summary>Runs all of it, at most <paramref name="parallel"/> at once, and waits until everything has ended.</summary>
    public static async Task RunAsync<T>(IEnumerable<T> items, int parallel, Func<T, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var places = new SemaphoreSlim(parallel, parallel);
        var failures = new FirstFailure();

        async Task OneAsync(T item)
        {
            var isIn = false;
            try
            {
                await places.WaitAsync(stop.Token);
                isIn = true;
                await work(item, stop.Token);
            }
#pragma warning disable CA1031 // Whatever it is, it is thrown below, unless another one comes first.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                failures.Add(failure, stop.IsCancellationRequested);
                await stop.CancelAsync();
            }
            finally
            {
                if (isIn)
                    places.Release();
            }
        }

        await Task.WhenAll(items.Select(OneAsync));
        failures.Throw();
    }
}
