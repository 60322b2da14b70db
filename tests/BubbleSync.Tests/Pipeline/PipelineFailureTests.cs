using System.Runtime.CompilerServices;
using BubbleSync.Etl.Pipeline;
using Xunit;
using static BubbleSync.Tests.Pipeline.CountingLine;

namespace BubbleSync.Tests.Pipeline;

/// <summary>A failure or a cancellation in any stage ends the run, closes its sources, and is what the caller sees.</summary>
public sealed class PipelineFailureTests
{
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
        void Note(object? _, UnobservedTaskExceptionEventArgs e) =>
            unobserved.AddRange(e.Exception.Flatten().InnerExceptions.Select(x => x.Message).Where(m => m.Contains("flow test", StringComparison.Ordinal)));
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
}
