using System.Runtime.CompilerServices;
using BubbleSync.Etl.Pipeline;
using Xunit;
using static BubbleSync.Tests.Pipeline.CountingLine;

namespace BubbleSync.Tests.Pipeline;

public class RunPipelineTests
{
    [Fact]
    public async Task Every_message_passes_every_stage_once()
    {
        using var run = new RunPipeline(capacity: 2, CancellationToken.None);
        var sum = 0L;

        var line = run.Line<int>("thing")
            .Then("double", i => i * 2, parallel: 4)
            .ThenMany("repeat", TwiceAsync, parallel: 3)
            .Into("add", (i, _) => AddAsync(ref sum, i), parallel: 2);
        await RunAsync(run, token => CountAsync(1000, token), line).WaitAsync(Limit);

        Assert.Equal(2L * 999 * 1000, sum);
    }

    [Fact]
    public async Task A_source_without_messages_ends_the_line()
    {
        using var run = new RunPipeline(capacity: 1, CancellationToken.None);

        var line = run.Line<int>("thing").Into("collect", (_, _) => Task.FromException(new InvalidOperationException()));
        await RunAsync(run, token => CountAsync(0, token), line).WaitAsync(Limit);
    }

    [Fact]
    public async Task A_pass_ends_when_all_that_its_messages_became_has_passed_every_stage()
    {
        using var run = new RunPipeline(capacity: 2, CancellationToken.None);
        var (sum, sums) = (0L, new List<long>());
        var line = run.Line<int>("thing").ThenMany("repeat", TwiceAsync, parallel: 3).Into("add", async (i, _) =>
        {
            await Task.Yield();
            Interlocked.Add(ref sum, i);
        }, parallel: 2);

        run.Step("passes", "thing", async token =>
        {
            for (var pass = 0; pass < 3; pass++)
            {
                await line.PassAsync(CountAsync(100, token));
                sums.Add(Interlocked.Read(ref sum));
            }
        });
        await run.RunAsync().WaitAsync(Limit);

        Assert.Equal([9900, 19800, 29700], sums);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_slow_last_stage_keeps_the_source_from_running_ahead(int capacity)
    {
        using var stop = new CancellationTokenSource();
        using var run = new RunPipeline(capacity, stop.Token);
        var made = 0;
        var isFull = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // Two stages after the source hold at most their capacity each, what is at work included; the source holds one more.
        var most = (2 * capacity) + 1;
        var wait = run.Line<int>("thing").Then("pass", i => i).Into("wait", (_, token) => Task.Delay(Timeout.Infinite, token));
        var line = RunAsync(
            run,
            token => CountAsync(int.MaxValue, token, () =>
            {
                if (Interlocked.Increment(ref made) == most)
                    isFull.SetResult();
            }),
            wait);

        await isFull.Task.WaitAsync(Limit);
        for (var turn = 0; turn < 1000; turn++)
            await Task.Yield();

        Assert.InRange(made, most, most + 1);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => line.WaitAsync(Limit));
    }

    private static async IAsyncEnumerable<int> TwiceAsync(int i, [EnumeratorCancellation] CancellationToken token)
    {
        yield return i;
        await Task.Yield();
        token.ThrowIfCancellationRequested();
        yield return i;
    }

    private static Task AddAsync(ref long sum, int i)
    {
        Interlocked.Add(ref sum, i);
        return Task.CompletedTask;
    }
}
