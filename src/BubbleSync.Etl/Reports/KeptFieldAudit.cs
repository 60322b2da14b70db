namespace BubbleSync.Etl.Reports;

/// <summary>The last audit of the fields of one entity.</summary>
/// <param name="At">When it ended.</param>
/// <param name="Report">Its result for this entity.</param>
public sealed record KeptFieldAudit(DateTimeOffset At, FieldAuditReport Report);
