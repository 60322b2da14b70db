using System.Runtime.CompilerServices;
using BubbleSync.Etl.Pipeline;
using Xunit;

namespace BubbleSync.Tests.Pipeline;

public class RunPipelineTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

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
    [InlineData("source", 0)]
    [InlineData("source", 57)]
    [InlineData("then", 0)]
    [InlineData("then", 57)]
    [InlineData("many", 0)]
    [InlineData("many", 57)]
    [InlineData("into", 0)]
    [InlineData("into", 57)]
    public async Task A_failing_stage_stops_an_endless_source_with_its_own_error(string failing, int at)
    {
        using var run = new RunPipeline(capacity: 2, CancellationToken.None);
        var disk = new IOException("disk full");

        var line = EndlessLine(run, (stage, i) => stage == failing && i == at ? throw disk : Task.CompletedTask);

        var failure = await Assert.ThrowsAsync<StageException>(() => line.WaitAsync(Limit));
        Assert.Equal(failing, failure.Stage);
        Assert.Same(disk, failure.InnerException);
    }

    [Theory]
    [InlineData("source")]
    [InlineData("then")]
    [InlineData("many")]
    [InlineData("into")]
    public async Task A_cancellation_that_is_not_the_run_s_own_is_a_failure_and_no_skipped_message(string failing)
    {
        using var run = new RunPipeline(capacity: 2, CancellationToken.None);

        var line = EndlessLine(run, (stage, i) => stage == failing && i == 20 ? throw new TaskCanceledException("The request timed out.") : Task.CompletedTask);

        var failure = await Assert.ThrowsAsync<StageException>(() => line.WaitAsync(Limit));
        Assert.Equal(failing, failure.Stage);
        Assert.IsType<TaskCanceledException>(failure.InnerException);
    }

    [Fact]
    public async Task A_failure_that_comes_later_than_the_first_is_not_told()
    {
        using var run = new RunPipeline(capacity: 8, CancellationToken.None);
        var both = new Barrier(2);

        var collect = run.Line<int>("thing").Into(
            "collect",
            async (i, token) =>
            {
                await Task.Run(() => both.SignalAndWait(Limit), CancellationToken.None);
                if (i == 0)
                    throw new IOException("first");

                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(Timeout.Infinite, token));
                throw new IOException("second");
            },
            parallel: 2);
        var line = RunAsync(run, token => CountAsync(int.MaxValue, token), collect);

        var failure = await Assert.ThrowsAsync<StageException>(() => line.WaitAsync(Limit));
        Assert.Equal("first", failure.InnerException!.Message);
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

    [Fact]
    public async Task The_caller_s_cancellation_stops_the_line_and_is_told_as_such()
    {
        using var stop = new CancellationTokenSource();
        using var run = new RunPipeline(capacity: 2, stop.Token);

        var line = EndlessLine(run, (stage, i) => stage == "into" && i == 30 ? stop.CancelAsync() : Task.CompletedTask);

        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => line.WaitAsync(Limit));
        Assert.Equal(stop.Token, cancelled.CancellationToken);
    }

    [Fact]
    public async Task A_line_that_is_cancelled_before_it_starts_says_so()
    {
        using var run = new RunPipeline(capacity: 2, new CancellationToken(canceled: true));

        var line = EndlessLine(run, (_, _) => Task.CompletedTask);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => line.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_source_is_closed_when_a_later_stage_fails()
    {
        using var run = new RunPipeline(capacity: 2, CancellationToken.None);
        var isClosed = false;

        var collect = run.Line<int>("thing").Into("collect", (_, _) => throw new IOException());
        var line = RunAsync(run, token => ClosingAsync(() => isClosed = true, token), collect);

        await Assert.ThrowsAsync<StageException>(() => line.WaitAsync(Limit));
        Assert.True(isClosed);
    }

    [Fact]
    public async Task No_failure_is_left_unobserved()
    {
        var unobserved = new List<string>();
        void Note(object? _, UnobservedTaskExceptionEventArgs e) => unobserved.AddRange(e.Exception.Flatten().InnerExceptions.Select(x => x.Message).Where(m => m.Contains("flow test", StringComparison.Ordinal)));
        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            foreach (var failing in new[] { "source", "then", "many", "into" })
                await FailAsync(failing);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }

        Assert.Empty(unobserved);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task FailAsync(string failing)
    {
        using var run = new RunPipeline(capacity: 4, CancellationToken.None);

        var line = EndlessLine(run, (stage, i) => stage == failing && i >= 10 ? throw new IOException("flow test") : Task.CompletedTask);

        await Assert.ThrowsAsync<StageException>(() => line.WaitAsync(Limit));
    }

    private static Task EndlessLine(RunPipeline run, Func<string, int, Task> visit)
    {
        var line = run.Line<int>("thing")
            .Then("then", i => visit("then", i).IsCompleted ? i : i, parallel: 2)
            .ThenMany("many", (i, token) => ManyAsync(i, visit, token), parallel: 2)
            .Into("into", (i, _) => visit("into", i), parallel: 2);
        return RunAsync(run, token => SourceAsync(visit, token), line);
    }

    private static Task RunAsync(RunPipeline run, Func<CancellationToken, IAsyncEnumerable<int>> source, PipelineFeed<int> line)
    {
        run.Step("source", "thing", token => line.PassAsync(source(token))).Feeds(line.Stages);
        return run.RunAsync();
    }

    private static async IAsyncEnumerable<int> SourceAsync(Func<string, int, Task> visit, [EnumeratorCancellation] CancellationToken token)
    {
        await foreach (var i in CountAsync(int.MaxValue, token))
        {
            await visit("source", i);
            yield return i;
        }
    }

    private static async IAsyncEnumerable<int> ManyAsync(int i, Func<string, int, Task> visit, [EnumeratorCancellation] CancellationToken token)
    {
        await visit("many", i);
        token.ThrowIfCancellationRequested();
        yield return i;
    }

    private static async IAsyncEnumerable<int> ClosingAsync(Action close, [EnumeratorCancellation] CancellationToken token)
    {
        try
        {
            await foreach (var i in CountAsync(int.MaxValue, token))
                yield return i;
        }
        finally
        {
            close();
        }
    }

    private static async IAsyncEnumerable<int> CountAsync(int end, [EnumeratorCancellation] CancellationToken token, Action? made = null)
    {
        for (var i = 0; i < end; i++)
        {
            await Task.Yield();
            token.ThrowIfCancellationRequested();
            made?.Invoke();
            yield return i;
        }
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
