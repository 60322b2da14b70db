using System.Threading.Tasks.Dataflow;

namespace BubbleSync.Etl.Pipeline;

/// <summary>
/// The one Dataflow graph of a run: lines, through which messages flow, and steps, each of which runs once when those before it have ended. The only folder
/// that knows Dataflow, and that closes its traps: every block is bounded; the first failure stops every stage and is what the caller sees; a cancellation
/// that is not the run's own is a failure. A message that a stopped graph drops is disposed of, where it can be.
/// </summary>
internal sealed class RunPipeline : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _caller;
    private readonly List<IDataflowBlock> _heads = [];
    private readonly List<Task> _blocks = [];
    private readonly List<PipelineStep> _steps = [];
    private readonly List<PipelineBlock> _described = [];
    private readonly List<(string Entity, Func<BlockFill> Read)> _fills = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StageException? _failure;
    private int _stepsLeft;

    /// <summary>Sets up a graph without blocks.</summary>
    /// <param name="capacity">The largest number of messages that wait before a stage.</param>
    /// <param name="cancellationToken">Stops the graph.</param>
    public RunPipeline(int capacity, CancellationToken cancellationToken)
    {
        Capacity = capacity;
        _caller = cancellationToken;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>The largest number of messages that wait before a stage.</summary>
    public int Capacity { get; }

    /// <summary>Stops with the first failure, or when the caller cancels.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>The blocks with their links, in the order in which they were added.</summary>
    public IReadOnlyList<PipelineBlock> Blocks => _described;

    /// <summary>Begins a line of an entity; its feed takes messages until the graph has ended.</summary>
    public PipelineLine<T, T> Line<T>(string entity)
    {
        var feed = new PipelineFeed<T>(this);
        return new PipelineLine<T, T>(this, feed, entity, target => feed.Target = target);
    }

    /// <summary>Adds a step, which runs once when all steps before it have ended, at once where there is none.</summary>
    /// <param name="name">The name in errors and pictures.</param>
    /// <param name="entity">The entity, or null for a step of the whole run.</param>
    /// <param name="work">What it does.</param>
    /// <param name="after">The steps before it.</param>
    public PipelineStep Step(string name, string? entity, Func<CancellationToken, Task> work, params IEnumerable<PipelineStep> after)
    {
        var step = new PipelineStep(this, name, entity, work, [.. after]);
        _steps.Add(step);
        return step;
    }

    /// <summary>Returns what waits before each stage of an entity's lines, in order.</summary>
    public IReadOnlyList<BlockFill> Fills(string entity) => [.. _fills.Where(f => f.Entity == entity).Select(f => f.Read())];

    /// <summary>Runs all steps to the end, or to the first failure; no block works on when it returns.</summary>
    /// <exception cref="StageException">A stage failed.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task RunAsync()
    {
        _stepsLeft = _steps.Count;
        await using (_stop.Token.Register(() => _ended.TrySetResult()))
        {
            if (_steps.Count == 0)
                _ended.TrySetResult();
            foreach (var first in _steps.Where(s => s.IsFirst).ToList())
                first.Arrive();
            await _ended.Task;
        }

        foreach (var head in _heads)
            head.Complete();
        // Every block ends: by itself, or because the first failure cancelled it. Only then is there one answer to give.
        await Task.WhenAll(_blocks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_failure is not null)
            throw _failure;

        _caller.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    /// <summary>Makes a block and describes it.</summary>
    internal ActionBlock<T> Block<T>(PipelineBlock described, Func<T, Task> work, int capacity, int parallel = 1)
    {
        var block = new ActionBlock<T>(
            work, new ExecutionDataflowBlockOptions { BoundedCapacity = capacity, MaxDegreeOfParallelism = parallel, EnsureOrdered = false });
        _blocks.Add(block.Completion);
        _described.Add(described);
        return block;
    }

    /// <summary>Shows what waits before a block of a line; the last block of a line is added first.</summary>
    internal void Show(string entity, Func<BlockFill> read) => _fills.Insert(0, (entity, read));

    /// <summary>Completes a block when the graph ends.</summary>
    internal void CompleteAtEnd(IDataflowBlock head) => _heads.Add(head);

    /// <summary>Completes a block when the one before it has ended, however that ended.</summary>
    internal void CompleteAfter(Task before, IDataflowBlock target) => _blocks.Add(CompleteAfterAsync(before, target));

    /// <summary>Counts a step that has ended.</summary>
    internal void EndStep()
    {
        if (Interlocked.Decrement(ref _stepsLeft) == 0)
            _ended.TrySetResult();
    }

    /// <summary>Sends a message, and waits where the block is full.</summary>
    internal async Task SendAsync<T>(ITargetBlock<T> target, T message)
    {
        try
        {
            // A block that has stopped takes nothing more; its own failure is the one that is reported.
            if (!await target.SendAsync(message, _stop.Token))
                throw new OperationCanceledException(_stop.Token);
        }
        catch
        {
            Discard(message);
            throw;
        }
    }

    /// <summary>
    /// Works on one message, and never throws: a block that fails or is cancelled discards what waits before it without disposing of it. The first failure
    /// stops the graph.
    /// </summary>
    internal async Task WorkAsync<T>(string stage, string? entity, T message, Func<T, Task> work)
    {
        var worked = GuardAsync(stage, entity, () => _stop.IsCancellationRequested ? Task.FromCanceled(_stop.Token) : work(message));
        await worked.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!worked.IsCompletedSuccessfully)
            Discard(message);
    }

    private static void Discard<T>(T message) => (message as IDisposable)?.Dispose();

    private static async Task CompleteAfterAsync(Task before, IDataflowBlock target)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        target.Complete();
        await target.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // Dataflow takes any OperationCanceledException as "skip this message", and a time-out throws one. Only ours may mean that.
    private async Task GuardAsync(string stage, string? entity, Func<Task> work)
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
            Interlocked.CompareExchange(ref _failure, new StageException(stage, entity, failure), null);
            await _stop.CancelAsync();
            throw;
        }
    }
}
