using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Reports;

/// <summary>A run in the list of runs.</summary>
/// <param name="RunId">Its id.</param>
/// <param name="Kind">What it did.</param>
/// <param name="Status">Its status.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="FinishedAt">When it ended, or null.</param>
/// <param name="DryRun">Whether everything was rolled back, its counts too.</param>
/// <param name="Extracted">Different records read, of all entities that are merged.</param>
/// <param name="Inserted">Rows that are new.</param>
/// <param name="Updated">Rows that changed.</param>
/// <param name="Rejected">Records that were not loaded.</param>
/// <param name="Died">Whether its status says <c>running</c> though it holds its lock in the database no more.</param>
/// <param name="Conclusion">The result of a comparison, in words; null for other runs.</param>
public sealed record RunListing(
    Guid RunId, RunKind Kind, RunStatus Status, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, bool DryRun, long Extracted, long Inserted, long Updated,
    long Rejected, bool Died, string? Conclusion);

/// <summary>A line of a run's activity log.</summary>
/// <param name="At">When.</param>
/// <param name="Level">Its severity.</param>
/// <param name="Stage">Where.</param>
/// <param name="Entity">The entity, or null.</param>
/// <param name="BubbleId">The record, or null.</param>
/// <param name="Message">What.</param>
public sealed record ActivityLine(DateTimeOffset At, Severity Level, SyncStage Stage, string? Entity, string? BubbleId, string Message);

/// <summary>A field that did not convert, with its record.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="BubbleId">The record, or null where it has no usable id.</param>
/// <param name="Field">The Bubble field.</param>
/// <param name="Reason">Why.</param>
/// <param name="Raw">The record as it came; data of the app, which may be personal.</param>
public sealed record RejectedField(string Entity, string? BubbleId, string Field, string Reason, string Raw);
