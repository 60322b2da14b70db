using System.Threading.Tasks.Dataflow;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Etl.Pipeline;

/// <summary>
/// One pass through a line of stages. The only place that knows Dataflow, and that closes its traps once and for all: every block is bounded;
/// the first failure stops every stage, the source too, and is what the caller sees; a cancellation that is not the run's own is a failure.
/// A message that a stopped line drops is disposed of, where it can be.
/// </summary>
internal sealed class RunPipeline : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _caller;
    private readonly int _capacity;
    private readonly List<Task> _stages = [];
    private readonly List<Func<StageFill>> _queues = [];
    private StageException? _failure;

    /// <summary>Starts a line.</summary>
    /// <param name="capacity">Most messages that wait before any stage.</param>
    /// <param name="cancellationToken">Stops the line.</param>
    public RunPipeline(int capacity, CancellationToken cancellationToken)
    {
        _capacity = capacity;
        _caller = cancellationToken;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>What waits before each stage now, last stage first.</summary>
    public IEnumerable<StageFill> Queues => _queues.Select(look => look());

    /// <summary>The line's source.</summary>
    public Line<T> From<T>(string name, Func<CancellationToken, IAsyncEnumerable<T>> source) => new(this, target =>
    {
        var pump = Guard(name, async () =>
        {
            await foreach (var item in source(_stop.Token).WithCancellation(_stop.Token))
                await SendAsync(target, item);
        });
        Add(Complete(pump, target));
    });

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private async Task FinishAsync()
    {
        // Every stage ends: by itself, or because the first failure cancelled it. Only then is there one answer to give.
        await Task.WhenAll(_stages).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_failure is not null)
            throw _failure;

        _caller.ThrowIfCancellationRequested();
    }

    private void Add(Task stage) => _stages.Add(stage);

    private async Task SendAsync<T>(ITargetBlock<T> target, T item)
    {
        try
        {
            // A block that has stopped takes nothing more; its own failure is the one that is told.
            if (!await target.SendAsync(item, _stop.Token))
                throw new OperationCanceledException(_stop.Token);
        }
        catch
        {
            Discard(item);
            throw;
        }
    }

    private static void Discard<T>(T item) => (item as IDisposable)?.Dispose();

    private static async Task Complete<T>(Task before, ITargetBlock<T> target)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        target.Complete();
        await target.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // Dataflow takes any OperationCanceledException as "skip this message", and a time-out throws one. Only ours may mean that.
    private async Task Guard(string name, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Whatever it is, it ends the run and reaches the caller.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, new StageException(name, failure), null);
            await _stop.CancelAsync();
            throw;
        }
    }

    // Works on one message. A block that fails or is cancelled throws away what waits before it; so none does, and what waits in a stopped line is disposed of.
    private async Task WorkAsync<T>(string name, T item, Func<T, Task> work)
    {
        var passed = Guard(name, () => _stop.IsCancellationRequested ? Task.FromCanceled(_stop.Token) : work(item));
        await passed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!passed.IsCompletedSuccessfully)
            Discard(item);
    }

    private ExecutionDataflowBlockOptions Options(int parallel) => new()
    {
        BoundedCapacity = Math.Max(_capacity, parallel),
        MaxDegreeOfParallelism = parallel,
        EnsureOrdered = false,
    };

    /// <summary>A line under construction: the stages so far.</summary>
    internal sealed class Line<T>(RunPipeline run, Action<ITargetBlock<T>> connect)
    {
        /// <summary>A stage that makes one message of one.</summary>
        public Line<TNext> Then<TNext>(string name, Func<T, TNext> work, int parallel = 1) => new(run, target =>
            Stage(name, async item => await run.SendAsync(target, work(item)), parallel, block => run.Add(Complete(block.Completion, target))));

        /// <summary>A stage that makes many messages of one, and waits where the next stage is full.</summary>
        public Line<TNext> ThenMany<TNext>(string name, Func<T, CancellationToken, IAsyncEnumerable<TNext>> work, int parallel = 1) => new(run, target =>
            Stage(
                name,
                async item =>
                {
                    await foreach (var made in work(item, run._stop.Token).WithCancellation(run._stop.Token))
                        await run.SendAsync(target, made);
                },
                parallel,
                block => run.Add(Complete(block.Completion, target))));

        /// <summary>The last stage; the task ends when all messages have passed it, or with the first failure of any stage.</summary>
        public Task Into(string name, Func<T, CancellationToken, Task> work, int parallel = 1)
        {
            Stage(name, item => work(item, run._stop.Token), parallel, block => run.Add(block.Completion));
            return run.FinishAsync();
        }

        private void Stage(string name, Func<T, Task> work, int parallel, Action<ActionBlock<T>> started)
        {
            var block = new ActionBlock<T>(item => run.WorkAsync(name, item, work), run.Options(parallel));
            run._queues.Add(() => new StageFill(name, block.InputCount, Math.Max(run._capacity, parallel)));
            started(block);
            connect(block);
        }
    }
}
