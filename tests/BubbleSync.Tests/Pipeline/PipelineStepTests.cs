using System.Collections.Concurrent;
using BubbleSync.Etl.Pipeline;
using Xunit;

namespace BubbleSync.Tests.Pipeline;

/// <summary>Steps run once, after all steps before them, and not at all once something has failed.</summary>
public sealed class PipelineStepTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly ConcurrentQueue<string> _ran = new();

    [Fact]
    public async Task A_step_waits_for_all_steps_before_it_and_runs_once()
    {
        using var run = new RunPipeline(capacity: 1, CancellationToken.None);
        var (isOpen, isQuickDone) = (new TaskCompletionSource(), new TaskCompletionSource());
        var slow = Step(run, "slow", () => isOpen.Task);
        var quick = Step(run, "quick", () => Task.CompletedTask);
        var both = Step(run, "both", () => Task.CompletedTask, slow, quick);
        Step(run, "last", () => Task.CompletedTask, both, quick);
        run.Step("reports", "thing", _ => Task.FromResult(isQuickDone.TrySetResult()), quick);

        var running = run.RunAsync();
        await isQuickDone.Task.WaitAsync(Limit);
        Assert.Equal(["quick"], _ran);
        isOpen.SetResult();
        await running.WaitAsync(Limit);

        Assert.Equal(["quick", "slow", "both", "last"], _ran);
    }

    [Fact]
    public async Task Steps_that_do_not_wait_for_each_other_run_side_by_side()
    {
        using var run = new RunPipeline(capacity: 1, CancellationToken.None);
        using var both = new Barrier(2);

        foreach (var name in new[] { "one", "other" })
            Step(run, name, () => Task.Run(() => Assert.True(both.SignalAndWait(Limit))));

        await run.RunAsync().WaitAsync(Limit);
        Assert.Equal(2, _ran.Count);
    }

    [Fact]
    public async Task A_failing_step_is_named_and_no_later_step_runs()
    {
        using var run = new RunPipeline(capacity: 1, CancellationToken.None);
        var disk = new IOException("disk full");
        var failing = Step(run, "merge", () => throw disk);
        Step(run, "patches", () => Task.CompletedTask, failing);

        var failure = await Assert.ThrowsAsync<StageException>(() => run.RunAsync().WaitAsync(Limit));

        Assert.Equal(("merge", "thing"), (failure.Stage, failure.Entity));
        Assert.Same(disk, failure.InnerException);
        Assert.Empty(_ran);
    }

    [Fact]
    public async Task A_failing_step_stops_the_steps_beside_it()
    {
        using var run = new RunPipeline(capacity: 1, CancellationToken.None);
        run.Step("waits", "thing", token => Task.Delay(Timeout.Infinite, token));
        Step(run, "fails", () => throw new IOException("disk full"));

        var failure = await Assert.ThrowsAsync<StageException>(() => run.RunAsync().WaitAsync(Limit));

        Assert.Equal("fails", failure.Stage);
    }

    [Fact]
    public async Task A_cancelled_graph_runs_no_further_step()
    {
        using var stop = new CancellationTokenSource();
        using var run = new RunPipeline(capacity: 1, stop.Token);
        var first = run.Step("cancels", "thing", _ => stop.CancelAsync());
        Step(run, "next", () => Task.CompletedTask, first);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync().WaitAsync(Limit));

        Assert.Empty(_ran);
    }

    [Fact]
    public async Task A_graph_without_steps_ends_at_once()
    {
        using var run = new RunPipeline(capacity: 1, CancellationToken.None);

        await run.RunAsync().WaitAsync(Limit);

        Assert.Empty(run.Blocks);
    }

    private PipelineStep Step(RunPipeline run, string name, Func<Task> work, params PipelineStep[] after) => run.Step(
        name,
        "thing",
        async _ =>
        {
            await work();
            _ran.Enqueue(name);
        },
        after);
}
