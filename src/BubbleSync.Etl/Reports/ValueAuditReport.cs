using System.Text.Json.Serialization;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Reports;

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
    Guid? RunId, long Rows, IReadOnlyDictionary<ValueVerdict, long> ByVerdict, IReadOnlyList<AuditedEntity> Entities, [property: JsonIgnore] RunReport Run)
{
    /// <summary>The place that was compared.</summary>
    public TargetPlace? Target => Run.Target;

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
/// <param name="Proof">The verification that everything was read, or why it was not verified.</param>
public sealed record AuditedEntity(string Name, long Records, long Rows, IReadOnlyDictionary<ValueVerdict, long> ByVerdict, EntityProof? Proof);
