namespace BubbleSync.Etl.Reports;

/// <summary>A run in the report of a mirror.</summary>
/// <param name="RunId">Its id.</param>
/// <param name="Kind">What it did.</param>
/// <param name="Status">Its status.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="FinishedAt">When it ended, or null.</param>
public sealed record RunPoint(Guid RunId, RunKind Kind, RunStatus Status, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt)
{
    /// <summary>Whether its status says <c>running</c> though its process has ended.</summary>
    public bool Died { get; init; }

    /// <summary>Whether everything was rolled back at its end.</summary>
    public bool DryRun { get; init; }

    /// <summary>The result of a comparison, in words; null for other runs.</summary>
    public string? Conclusion { get; init; }

    /// <summary>Different records read.</summary>
    public long Extracted { get; init; }

    /// <summary>Rows that are new.</summary>
    public long Inserted { get; init; }

    /// <summary>Rows that changed.</summary>
    public long Updated { get; init; }

    /// <summary>Records whose row was not touched.</summary>
    public long Unchanged { get; init; }

    /// <summary>Records whose row was edited locally since.</summary>
    public long Conflicts { get; init; }

    /// <summary>Records that were not loaded.</summary>
    public long Rejected { get; init; }

    /// <summary>What was asked of the Data API.</summary>
    public ApiCounts Api { get; init; } = new(0, 0, 0, 0);
}

/// <summary>An entity in the timeline of a run.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="StartedAt">When its reading began.</param>
/// <param name="FinishedAt">When its merge ended.</param>
/// <param name="Windows">Its windows in the order in which they were staged.</param>
public sealed record EntitySpan(string Entity, DateTimeOffset StartedAt, DateTimeOffset FinishedAt, IReadOnlyList<WindowTick> Windows);

/// <summary>Windows that were staged close together.</summary>
/// <param name="At">When the last of them was staged.</param>
/// <param name="Count">The number of windows.</param>
/// <param name="Rows">The rows that were read in them.</param>
public sealed record WindowTick(DateTimeOffset At, long Count, long Rows);
