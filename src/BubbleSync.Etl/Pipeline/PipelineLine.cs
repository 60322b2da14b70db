using System.Threading.Tasks.Dataflow;

namespace BubbleSync.Etl.Pipeline;

/// <summary>A line under construction: the stages so far.</summary>
/// <typeparam name="THead">The messages that the line takes.</typeparam>
/// <typeparam name="T">The messages that its last stage so far makes.</typeparam>
internal sealed class PipelineLine<THead, T>(RunPipeline graph, PipelineFeed<THead> feed, string entity, Action<ITargetBlock<T>> connect)
{
    /// <summary>Adds a stage that makes one message of one.</summary>
    public PipelineLine<THead, TNext> Then<TNext>(string name, Func<T, TNext> work, int parallel = 1) => new(graph, feed, entity, target =>
        Stage(name, message => feed.SendAsync(target, work(message)), parallel, block => graph.CompleteAfter(block.Completion, target)));

    /// <summary>Adds a stage that makes many messages of one, and waits where the next stage is full.</summary>
    public PipelineLine<THead, TNext> ThenMany<TNext>(string name, Func<T, CancellationToken, IAsyncEnumerable<TNext>> work, int parallel = 1) =>
        new(graph, feed, entity, target => Stage(
            name,
            async message =>
            {
                await foreach (var made in work(message, graph.Token).WithCancellation(graph.Token))
                    await feed.SendAsync(target, made);
            },
            parallel,
            block => graph.CompleteAfter(block.Completion, target)));

    /// <summary>Adds the last stage; returns what takes the line's messages.</summary>
    public PipelineFeed<THead> Into(string name, Func<T, CancellationToken, Task> work, int parallel = 1)
    {
        Stage(name, message => work(message, graph.Token), parallel, _ => { });
        graph.CompleteAtEnd(feed.Target);
        return feed;
    }

    // The last stage is connected first, so each stage is put before those that are there.
    private void Stage(string name, Func<T, Task> work, int parallel, Action<ActionBlock<T>> started)
    {
        var capacity = Math.Max(graph.Capacity, parallel);
        var described = new PipelineBlock(entity, name, parallel);
        var block = graph.Block<T>(
            described,
            async message =>
            {
                await graph.WorkAsync(name, entity, message, work);
                feed.Leave();
            },
            capacity,
            parallel);
        graph.Show(entity, () => new BlockFill(name, block.InputCount, capacity));
        feed.Prepend(described);
        started(block);
        connect(block);
    }
}
