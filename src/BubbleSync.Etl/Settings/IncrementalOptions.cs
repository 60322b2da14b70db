namespace BubbleSync.Etl.Settings;

/// <summary>The options of an incremental sync.</summary>
public sealed record IncrementalOptions
{
    /// <summary>The entities to sync; none for all.</summary>
    public IReadOnlyList<string> Entities { get; init; } = [];

    /// <summary>
    /// What happens to rows that Bubble no longer has. They are found by counting. Default: they are reported. With <see cref="PruneMode.None"/> nothing is
    /// counted.
    /// </summary>
    public PruneMode Prune { get; init; } = PruneMode.Report;

    /// <summary>The largest part of an entity's rows, in per cent, that may be pruned. Default 20.</summary>
    public decimal PruneLimitPercent { get; init; } = 20;

    /// <summary>Requests that the run may send; null for any number.</summary>
    public long? MaxCalls { get; init; }
}
