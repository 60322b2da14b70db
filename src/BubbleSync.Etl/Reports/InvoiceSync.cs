using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Reports;

/// <summary>The result of <c>sync invoice</c>.</summary>
/// <param name="Success">Whether nothing failed.</param>
/// <param name="Results">One for each id, in the order given.</param>
/// <param name="Run">The run as every run reports: counts, calls, patches, warnings.</param>
public sealed record InvoiceSyncReport(bool Success, IReadOnlyList<InvoiceResult> Results, RunReport Run)
{
    /// <summary>The result as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}

/// <summary>The outcome of one invoice.</summary>
/// <param name="Success">Whether nothing of it failed.</param>
/// <param name="InvoiceId">Its id, as given.</param>
/// <param name="Steps">
/// What was done, in merge order; a single <c>skip</c> where nothing was to write: all was up to date, or changed here later. With <c>--force</c> nothing is
/// skipped.
/// </param>
/// <param name="Errors">What went wrong; a warning is no failure.</param>
/// <param name="Stats">How many records are in their tables now.</param>
public sealed record InvoiceResult(bool Success, string InvoiceId, IReadOnlyList<SyncStep> Steps, IReadOnlyList<SyncTrouble> Errors, InvoiceStats Stats);

/// <summary>A step of an invoice's sync.</summary>
/// <param name="Action">What it is about.</param>
/// <param name="Success">Whether it went well.</param>
/// <param name="Error">Why not; left out where it did.</param>
/// <param name="Outcome">Of a forced sync, whether nothing differed; else left out.</param>
public sealed record SyncStep(
    InvoiceAction Action, bool Success,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StepOutcome? Outcome = null);

/// <summary>An error or a warning about one record.</summary>
/// <param name="Severity">An error, or a warning for what is no failure: a relation that Bubble does not have, a record that was changed here later.</param>
/// <param name="Entity">The entity it happened to.</param>
/// <param name="BubbleId">The record it happened to.</param>
/// <param name="Code">What kind of thing it is, for programs.</param>
/// <param name="Message">What, why, and what to do.</param>
public sealed record SyncTrouble(Severity Severity, string Entity, string BubbleId, ErrorCode Code, string Message);

/// <summary>How many records of an invoice are in their tables now as Bubble has them, or newer, or as they were changed here later.</summary>
public sealed record InvoiceStats
{
    /// <summary>Its agent.</summary>
    [JsonPropertyName("agent")]
    public int Agent { get; init; }

    /// <summary>Its customer.</summary>
    [JsonPropertyName("customer")]
    public int Customer { get; init; }

    /// <summary>Its creator and its agent's login.</summary>
    [JsonPropertyName("user")]
    public int User { get; init; }

    /// <summary>Its payments.</summary>
    [JsonPropertyName("payments")]
    public int Payments { get; init; }

    /// <summary>Its submitted payments.</summary>
    [JsonPropertyName("submitted_payments")]
    public int SubmittedPayments { get; init; }

    /// <summary>Its items.</summary>
    [JsonPropertyName("invoice_items")]
    public int InvoiceItems { get; init; }

    /// <summary>Its SEDA registrations.</summary>
    [JsonPropertyName("seda")]
    public int Seda { get; init; }

    /// <summary>Itself.</summary>
    [JsonPropertyName("invoice")]
    public int Invoice { get; init; }
}
