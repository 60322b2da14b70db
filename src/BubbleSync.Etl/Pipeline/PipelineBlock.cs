namespace BubbleSync.Etl.Pipeline;

/// <summary>A block of the graph as a picture shows it.</summary>
/// <param name="entity">The entity, or null for a block of the whole run.</param>
/// <param name="name">The name that errors and measurements have, too.</param>
/// <param name="parallel">The number of messages that it works on at once.</param>
internal sealed class PipelineBlock(string? entity, string name, int parallel)
{
    private readonly List<PipelineBlock> _next = [];

    /// <summary>The entity, or null for a block of the whole run.</summary>
    public string? Entity => entity;

    /// <summary>The name that errors and measurements have, too.</summary>
    public string Name => name;

    /// <summary>The number of messages that it works on at once.</summary>
    public int Parallel => parallel;

    /// <summary>The blocks that wait for it or take its messages.</summary>
    public IReadOnlyList<PipelineBlock> Next => _next;

    /// <summary>Adds a link.</summary>
    public void LinkTo(PipelineBlock next) => _next.Add(next);
}

/// <summary>What waits before a block of a line.</summary>
/// <param name="Name">The block's name.</param>
/// <param name="Waiting">Messages that wait.</param>
/// <param name="Capacity">How many may wait.</param>
internal sealed record BlockFill(string Name, int Waiting, int Capacity);
