using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Reports;

/// <summary>The result of <c>verify</c>.</summary>
/// <param name="Success">Whether everything that was compared is equal, and all that was to be read was read.</param>
/// <param name="RunId">The run's id in the journal.</param>
/// <param name="Entities">The entities by name.</param>
/// <param name="Differences">The first thousand differences, sorted by entity, id and field.</param>
/// <param name="Run">The run as every run reports.</param>
public sealed record VerifyReport(
    bool Success, Guid? RunId, IReadOnlyList<VerifiedEntity> Entities, IReadOnlyList<VerifiedDifference> Differences, [property: JsonIgnore] RunReport Run)
{
    /// <summary>The place that was compared.</summary>
    public TargetPlace? Target => Run.Target;

    /// <summary>What a user should know though nothing is wrong.</summary>
    public IReadOnlyList<string> Warnings => Run.Warnings;

    /// <summary>Why not everything could be compared.</summary>
    public IReadOnlyList<SyncError> Errors => Run.Errors;

    /// <summary>Whether values that are kept here though Bubble no longer sends them are differences. In no JSON.</summary>
    [JsonIgnore]
    public bool IsStrict { get; init; }

    /// <summary>Whether only counts were compared, and records only where these differ. In no JSON.</summary>
    [JsonIgnore]
    public bool IsByCounts { get; init; }

    /// <summary>What to do now, the gravest first; none where all is well. In no JSON.</summary>
    [JsonIgnore]
    public IReadOnlyList<NextAction> NextActions => Reports.NextActions.After(this);

    /// <summary>The result as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}

/// <summary>What came of comparing one entity. Compared = equal + missing + older + newer + differs + rejected.</summary>
/// <param name="Name">The entity.</param>
/// <param name="Compared">Different records read from Bubble.</param>
/// <param name="Equal">Records whose row says what a resync would write.</param>
/// <param name="Missing">Records that have no row.</param>
/// <param name="Extra">Rows with ids of Bubble's form that Bubble does not have; searched only if everything was read and verified.</param>
/// <param name="Older">Rows whose <c>modified_date</c> is older than Bubble's: a resync would update them.</param>
/// <param name="Newer">Rows whose <c>modified_date</c> is newer than Bubble's.</param>
/// <param name="Differs">Rows of the same date with another value in some column, or marked as deleted.</param>
/// <param name="Rejected">Records that do not convert, or that the table cannot take.</param>
/// <param name="Proof">The verification that everything was read, or why it was not verified.</param>
public sealed record VerifiedEntity(
    string Name, long Compared, long Equal, long Missing, long Extra, long Older, long Newer, long Differs, long Rejected, EntityProof? Proof)
{
    /// <summary>
    /// Values that are kept here though Bubble no longer sends them: the record does not carry the field, and its column, which is no link, holds another
    /// value than its default.
    /// </summary>
    public long AbsentKept { get; init; }

    /// <summary>The same of links. Many of them were filled in by patches and never came from Bubble; they are never differences.</summary>
    public long AbsentKeptLinks { get; init; }

    /// <summary>Of <see cref="Differs"/>, the records whose only differences are such values; 0 where those were not asked for.</summary>
    public long AbsentKeptOnly { get; init; }

    /// <summary>Whether there is no difference.</summary>
    [JsonIgnore]
    public bool IsEqual => Equal == Compared && Extra == 0;
}

/// <summary>One difference.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="BubbleId">The record; empty where it has no usable id.</param>
/// <param name="Verdict">How both differ.</param>
/// <param name="BubbleField">The field that differs or did not convert; empty where it is the whole record, or a column of no field.</param>
/// <param name="Column">Its column; empty where it is the whole record.</param>
public sealed record VerifiedDifference(string Entity, string BubbleId, DifferenceVerdict Verdict, string BubbleField, string Column)
{
    /// <summary>What the record would become here, as text; null where it has no value, or where it is not compared by value. In no JSON.</summary>
    [JsonIgnore]
    public string? Bubble { get; init; }

    /// <summary>What the row has, as text; null where it has no value, or where it is not compared by value. In no JSON.</summary>
    [JsonIgnore]
    public string? Stored { get; init; }
}
