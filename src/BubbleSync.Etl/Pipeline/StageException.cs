namespace BubbleSync.Etl.Pipeline;

/// <summary>A stage of a flow failed; what it threw is inside.</summary>
internal sealed class StageException(string stage, Exception failure)
    : Exception($"Stage '{stage}' failed: {failure.Message}", failure)
{
    /// <summary>The stage's name.</summary>
    public string Stage => stage;
}
