using System.Threading.Tasks.Dataflow;

namespace BubbleSync.Etl.Pipeline;

/// <summary>Sends the messages of a line, in one or several passes, and knows when all have passed every stage.</summary>
internal sealed class PipelineFeed<T>(RunPipeline graph)
{
    private readonly List<PipelineBlock> _stages = [];
    private TaskCompletionSource _idle = new();
    private int _underWay;

    /// <summary>The blocks of the line, in the order in which messages pass them.</summary>
    public IReadOnlyList<PipelineBlock> Stages => _stages;

    /// <summary>The line's first block.</summary>
    internal ITargetBlock<T> Target { get; set; } = null!;

    /// <summary>Sends messages through the line; returns when everything that they became has passed the last stage.</summary>
    public async Task PassAsync(IAsyncEnumerable<T> messages)
    {
        _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // Held until all are sent, so that a line that is empty for a moment does not count as finished.
        Interlocked.Increment(ref _underWay);
        try
        {
            await foreach (var message in messages)
                await SendAsync(Target, message);
        }
        finally
        {
            Leave();
            // After a failure too: nothing of this pass may be under way when the next one begins.
            await _idle.Task.WaitAsync(graph.Token);
        }
    }

    /// <summary>Sends a message to one of the line's blocks.</summary>
    internal async Task SendAsync<TMessage>(ITargetBlock<TMessage> target, TMessage message)
    {
        Interlocked.Increment(ref _underWay);
        try
        {
            await graph.SendAsync(target, message);
        }
        catch
        {
            Leave();
            throw;
        }
    }

    /// <summary>Counts a message that a block has worked on; what it became is counted by then.</summary>
    internal void Leave()
    {
        if (Interlocked.Decrement(ref _underWay) == 0)
            _idle.TrySetResult();
    }

    /// <summary>Adds a block before those that are there: the last block of a line is made first.</summary>
    internal void Prepend(PipelineBlock stage) => _stages.Insert(0, stage);
}
