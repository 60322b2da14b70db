using System.Threading.Tasks.Dataflow;

namespace BubbleSync.Etl.Pipeline;

/// <summary>
/// Runs once, when all steps before it have ended. It counts what they send it, because a block that several sources complete would end with the first of them.
/// </summary>
internal sealed class PipelineStep
{
    private readonly RunPipeline _graph;
    private readonly ActionBlock<PipelineStep?> _block;
    private readonly List<PipelineStep> _next = [];
    private readonly List<IPipelineFeed> _feeds = [];
    private int _missing;

    /// <summary>Adds the step to a graph.</summary>
    public PipelineStep(RunPipeline graph, string name, string? entity, Func<CancellationToken, Task> work, IReadOnlyList<PipelineStep> after)
    {
        _graph = graph;
        _missing = Math.Max(1, after.Count);
        IsFirst = after.Count == 0;
        Block = new PipelineBlock(entity, name, 1);
        _block = graph.Block<PipelineStep?>(Block, ended => graph.WorkAsync(name, entity, ended, _ => CountAsync(work)), capacity: _missing);
        graph.CompleteAtEnd(_block);
        foreach (var before in after)
            before.LinkTo(this);
    }

    /// <summary>Whether it waits for no other step.</summary>
    public bool IsFirst { get; }

    /// <summary>Its place in the picture.</summary>
    public PipelineBlock Block { get; }

    /// <summary>Says for the picture that the step feeds a line; it ends when the line is empty.</summary>
    public PipelineStep Feeds(IPipelineFeed feed)
    {
        _feeds.Add(feed);
        PipelineBlock before = Block;
        foreach (var stage in feed.Stages)
        {
            before.LinkTo(stage);
            before = stage;
        }

        return this;
    }

    /// <summary>Counts a step before it that has ended.</summary>
    public void Arrive() => _block.Post(null);

    // A line leads to the steps of its own entity; the lines of a step of the whole run lead to each of theirs, or to all that is for the whole run.
    private void LinkTo(PipelineStep next)
    {
        _next.Add(next);
        var lines = _feeds.Where(f => next.Block.Entity is not { } entity || f.Stages[^1].Entity == entity).ToList();
        foreach (var before in lines.Count > 0 ? lines.Select(f => f.Stages[^1]) : [Block])
            before.LinkTo(next.Block);
    }

    private async Task CountAsync(Func<CancellationToken, Task> work)
    {
        if (--_missing > 0)
            return;

        await work(_graph.Token);
        foreach (var next in _next)
            next.Arrive();
        _graph.EndStep();
    }
}
