namespace BubbleSync.Etl.Preflight;

/// <summary>What a command does with the target tables.</summary>
/// <param name="IsWritten">Whether it writes them, not only reads them.</param>
internal sealed record TargetUse(bool IsWritten)
{
    /// <summary>Whether it deletes rows, as a hard prune does.</summary>
    public bool Deletes { get; init; }

    /// <summary>Whether it makes staging tables and writes control tables.</summary>
    public bool IsRecorded { get; init; } = true;

    /// <summary>The run; null where there is none.</summary>
    public Guid? RunId { get; init; }
}
