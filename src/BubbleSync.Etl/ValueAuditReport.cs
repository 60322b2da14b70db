using System.Text.Json.Serialization;

namespace BubbleSync.Etl;

/// <summary>Which values are audited, and where the rows go.</summary>
public sealed record ValueAuditOptions
{
    /// <summary>The verdicts that a row may have.</summary>
    public static IReadOnlyList<string> Verdicts => Audit.ValueAudit.Verdicts;

    /// <summary>The entities; none for all.</summary>
    public IReadOnlyList<string> Entities { get; init; } = [];

    /// <summary>Only records modified at this moment or later; null for all.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only rows of this verdict; null for all.</summary>
    public string? Only { get; init; }

    /// <summary>Whether texts that a spreadsheet would take for formulas are written as they are. Default false: they get a leading apostrophe.</summary>
    public bool Formulas { get; init; }

    /// <summary>The file that the rows are written to as CSV, compressed where its name ends in <c>.gz</c>; or null.</summary>
    [JsonIgnore]
    public string? CsvFile { get; init; }

    /// <summary>Where the rows go where there is no file; null for nowhere.</summary>
    [JsonIgnore]
    public Stream? Output { get; init; }

    /// <summary>Whether <see cref="Output"/> gets one JSON document instead of CSV: <c>rows</c> as they come, then the rest of the report. Default false.</summary>
    [JsonIgnore]
    public bool Json { get; init; }
}

/// <summary>The result of <c>audit values</c>.</summary>
/// <param name="RunId">The run's id in the journal.</param>
/// <param name="Rows">
/// Rows written: one for each mapped column of each record, and one for each row that is marked as deleted though Bubble has the record; less those that
/// were not asked for.
/// </param>
/// <param name="ByVerdict">How many of each verdict, written or not.</param>
/// <param name="Entities">The entities by name.</param>
/// <param name="Run">The run as every run reports.</param>
public sealed record ValueAuditReport(
    Guid? RunId, long Rows, IReadOnlyDictionary<string, long> ByVerdict, IReadOnlyList<AuditedEntity> Entities, [property: JsonIgnore] RunReport Run)
{
    /// <summary>What a user should know though nothing is wrong.</summary>
    public IReadOnlyList<string> Warnings => Run.Warnings;

    /// <summary>Why not everything could be read.</summary>
    public IReadOnlyList<SyncError> Errors => Run.Errors;

    /// <summary>The result as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}

/// <summary>What came of auditing one entity.</summary>
/// <param name="Name">The entity.</param>
/// <param name="Records">Different records read from Bubble.</param>
/// <param name="Rows">Rows written.</param>
/// <param name="ByVerdict">How many of each verdict, written or not.</param>
/// <param name="Proof">What shows that everything was read, or why it was not.</param>
public sealed record AuditedEntity(string Name, long Records, long Rows, IReadOnlyDictionary<string, long> ByVerdict, EntityProof? Proof);
