using System.Text.Json.Serialization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl;

/// <summary>One thing that went wrong, as it appears in results and logs. Never holds a secret nor a field's value.</summary>
/// <param name="Stage">Where it happened.</param>
/// <param name="Entity">The entity it happened to, or null.</param>
/// <param name="BubbleId">The record it happened to, or null.</param>
/// <param name="Field">The Bubble field, column, setting or file it happened to, or null.</param>
/// <param name="Code">What kind of thing it is, for programs.</param>
/// <param name="Message">What failed, why, and what to do.</param>
public sealed record SyncError(SyncStage Stage, string? Entity, string? BubbleId, string? Field, ErrorCode Code, string Message)
{
    /// <summary>The action that the message ends with, as data; null where it names none. In no JSON.</summary>
    [JsonIgnore]
    public NextAction? Next { get; init; }
}
