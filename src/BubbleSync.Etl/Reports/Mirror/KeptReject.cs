namespace BubbleSync.Etl.Reports.Mirror;

/// <summary>A field that did not convert.</summary>
/// <param name="Field">The field, with its record.</param>
/// <param name="RunId">The run that rejected it.</param>
/// <param name="At">When.</param>
internal sealed record KeptReject(RejectedField Field, Guid RunId, DateTimeOffset At);
