namespace BubbleSync.Etl;

/// <summary>What a full-history resync is asked to do.</summary>
public sealed record ResyncOptions
{
    /// <summary>The entities to sync; none for all.</summary>
    public IReadOnlyList<string> Entities { get; init; } = [];

    /// <summary>Whether Bubble's values win over local edits and over rows that are newer. Default false.</summary>
    public bool Force { get; init; }

    /// <summary>Whether everything is rolled back at the end. Default false.</summary>
    public bool DryRun { get; init; }
}
