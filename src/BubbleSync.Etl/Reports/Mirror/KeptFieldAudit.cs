namespace BubbleSync.Etl.Reports.Mirror;

/// <summary>The last audit of the fields of one entity.</summary>
/// <param name="At">When it ended.</param>
/// <param name="Report">Its result for this entity.</param>
internal sealed record KeptFieldAudit(DateTimeOffset At, FieldAuditReport Report);
