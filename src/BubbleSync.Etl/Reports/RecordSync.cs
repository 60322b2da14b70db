using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Reports;

/// <summary>The result of <c>sync record</c>.</summary>
/// <param name="Success">Whether nothing failed.</param>
/// <param name="Entity">The entity whose records were chosen.</param>
/// <param name="Results">One for each id, in the order given.</param>
/// <param name="Run">The run as every run reports: counts, calls, patches, warnings.</param>
public sealed record RecordSyncReport(bool Success, string Entity, IReadOnlyList<RecordResult> Results, RunReport Run)
{
    /// <summary>The result as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}

/// <summary>The outcome of one record and of what belongs to it.</summary>
/// <param name="Success">Whether nothing of it failed.</param>
/// <param name="BubbleId">Its id, as given.</param>
/// <param name="Steps">
/// What was done, in merge order; a single <c>skip</c> where nothing was to write: all was up to date, or changed here later. With <c>--force</c> nothing is
/// skipped.
/// </param>
/// <param name="Errors">What went wrong; a warning is no failure.</param>
/// <param name="Stats">
/// How many records of each entity are in their tables now as Bubble has them, or newer, or as they were changed here later. Entities without a record are
/// left out.
/// </param>
public sealed record RecordResult(
    bool Success, string BubbleId, IReadOnlyList<RecordStep> Steps, IReadOnlyList<SyncTrouble> Errors, IReadOnlyDictionary<string, int> Stats)
{
    /// <summary>Whether nothing was to write.</summary>
    [JsonIgnore]
    public bool IsSkipped => Steps is [{ Step: RecordStep.Skip }];
}

/// <summary>A step of a record's sync.</summary>
/// <param name="Step">The entity that it is about, or <c>skip</c>.</param>
/// <param name="Success">Whether it went well.</param>
/// <param name="Error">Why not; left out where it did.</param>
/// <param name="Outcome">Of a forced sync, whether nothing differed; else left out.</param>
public sealed record RecordStep(
    [property: JsonPropertyName("action")] string Step, bool Success,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StepOutcome? Outcome = null)
{
    /// <summary>The step where nothing was to write.</summary>
    public const string Skip = "skip";
}
