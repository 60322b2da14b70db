using BubbleSync.Etl.Pipeline;
using Xunit;

namespace BubbleSync.Tests.Pipeline;

public class ParallelWorkTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task All_of_it_runs_and_never_more_at_once_than_asked()
    {
        var (done, atOnce, most) = (0, 0, 0);

        await ParallelWork.RunAsync(Enumerable.Range(0, 100), 3, async (_, _) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref atOnce));
            await Task.Yield();
            Interlocked.Decrement(ref atOnce);
            Interlocked.Increment(ref done);
        }, CancellationToken.None).WaitAsync(Limit);

        Assert.Equal(100, done);
        Assert.InRange(most, 1, 3);
    }

    [Fact]
    public async Task The_first_failure_stops_the_rest_and_is_what_the_caller_sees()
    {
        var stopped = 0;

        var all = ParallelWork.RunAsync(Enumerable.Range(0, 4), 4, async (i, token) =>
        {
            if (i == 3)
                throw new IOException("disk full");

            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            finally
            {
                Interlocked.Increment(ref stopped);
            }
        }, CancellationToken.None);

        var failure = await Assert.ThrowsAsync<IOException>(() => all.WaitAsync(Limit));
        Assert.Equal(("disk full", 3), (failure.Message, stopped));
    }

    [Fact]
    public async Task What_has_not_begun_at_the_first_failure_never_begins()
    {
        var begun = 0;

        var all = ParallelWork.RunAsync(Enumerable.Range(0, 50), 1, (_, _) =>
        {
            Interlocked.Increment(ref begun);
            throw new IOException();
        }, CancellationToken.None);

        await Assert.ThrowsAsync<IOException>(() => all.WaitAsync(Limit));
        Assert.Equal(1, begun);
    }

    [Fact]
    public async Task The_caller_s_cancellation_is_told_as_such()
    {
        using var stop = new CancellationTokenSource();
        var all = ParallelWork.RunAsync(Enumerable.Range(0, 4), 2, (_, token) => Task.Delay(Timeout.Infinite, token), stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => all.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_time_out_that_stops_the_rest_is_a_failure_and_no_stop()
    {
        var all = ParallelWork.RunAsync(Enumerable.Range(0, 2), 2, async (i, token) =>
        {
            if (i == 1)
                throw new TaskCanceledException("The request timed out.");

            await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new IOException("a consequence");
        }, CancellationToken.None);

        var failure = await Assert.ThrowsAsync<TaskCanceledException>(() => all.WaitAsync(Limit));
        Assert.Equal("The request timed out.", failure.Message);
    }

    [Fact]
    public async Task Nothing_to_do_is_done_at_once()
    {
        await ParallelWork.RunAsync(Array.Empty<int>(), 2, (_, _) => Task.FromException(new IOException()), CancellationToken.None).WaitAsync(Limit);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }
}
