namespace BubbleSync.Etl;

/// <summary>One thing that went wrong, as it appears in results and logs. Never holds a secret nor a field's value.</summary>
/// <param name="Stage">Where: <c>settings</c>, <c>plan</c>, <c>extract</c>, <c>transform</c>, <c>load</c> or <c>patch</c>.</param>
/// <param name="Entity">The entity it happened to, or null.</param>
/// <param name="BubbleId">The record it happened to, or null.</param>
/// <param name="Field">The Bubble field, column, setting or file it happened to, or null.</param>
/// <param name="Code">A stable word for programs, such as <c>column-missing</c>.</param>
/// <param name="Message">What failed, why, and what to do.</param>
public sealed record SyncError(string Stage, string? Entity, string? BubbleId, string? Field, string Code, string Message);
