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
    private readonly List<IReadOnlyList<PipelineBlock>> _lines = [];
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

    /// <summary>Says for the picture that the step feeds a line; the step ends when the line is empty.</summary>
    /// <param name="line">The blocks of the line, in order.</param>
    public PipelineStep Feeds(IReadOnlyList<PipelineBlock> line)
    {
        _lines.Add(line);
        foreach (var (before, next) in line.Prepend(Block).Zip(line))
            before.LinkTo(next);
        return this;
    }

    /// <summary>Counts a step before it that has ended.</summary>
    public void Arrive() => _block.Post(null);

    // A line leads to the steps of its own entity. To a step of the whole run, all lines lead.
    private void LinkTo(PipelineStep next)
    {
        _next.Add(next);
        var lines = _lines.Where(l => next.Block.Entity is null || next.Block.Entity == l[^1].Entity).ToList();
        foreach (var before in lines.Count > 0 ? lines.Select(l => l[^1]) : [Block])
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
