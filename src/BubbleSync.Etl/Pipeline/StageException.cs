namespace BubbleSync.Etl.Pipeline;

/// <summary>The first failure of a run's graph.</summary>
/// <param name="stage">The stage that failed.</param>
/// <param name="entity">The entity whose stage it is; null for a stage of the whole run.</param>
/// <param name="failure">What it threw.</param>
internal sealed class StageException(string stage, string? entity, Exception failure)
    : Exception($"{(entity is null ? "" : $"{entity}: ")}'{stage}' failed: {failure.Message}", failure)
{
    /// <summary>The stage that failed.</summary>
    public string Stage => stage;

    /// <summary>The entity whose stage it is; null for a stage of the whole run.</summary>
    public string? Entity => entity;
}
