using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Reports;

/// <summary>Links whose target is in no table. Two reports of the same tables are identical.</summary>
/// <param name="Columns">How many there are, by entity and column.</param>
/// <param name="Links">Each target once for each entity and column that name it, sorted; of each column the first thousand.</param>
/// <param name="Warnings">Why what Bubble still has is not sure, where it was asked.</param>
public sealed record LinkAuditReport(IReadOnlyList<MissingLinkCount> Columns, IReadOnlyList<MissingLink> Links, IReadOnlyList<string> Warnings)
{
    /// <summary>The place that was looked at.</summary>
    public TargetPlace? Target { get; init; }

    /// <summary>What to do next: fetch what Bubble still has, or ask it. In no JSON.</summary>
    [JsonIgnore]
    public IReadOnlyList<NextAction> NextActions => Reports.NextActions.After(this);

    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}

/// <summary>The links of one column whose target is in no table.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="Column">The column.</param>
/// <param name="TargetEntity">The entity that it names; of several the first.</param>
/// <param name="Targets">Different targets.</param>
/// <param name="Records">Links to them.</param>
/// <param name="InBubble">Targets that Bubble still has; left out if it was not asked, or if its answers could not be verified.</param>
public sealed record MissingLinkCount(
    string Entity, string Column, string TargetEntity, long Targets, long Records,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? InBubble);

/// <summary>A target that is in no table.</summary>
/// <param name="Entity">The entity whose rows name it.</param>
/// <param name="Column">The column in which they do.</param>
/// <param name="TargetEntity">The entity that it should be; of several the first.</param>
/// <param name="TargetId">Its id.</param>
/// <param name="Records">Rows that name it.</param>
/// <param name="Fetch">What fetches it; null where Bubble does not have it, or was not asked. In no JSON.</param>
public sealed record MissingLink(
    string Entity, string Column, string TargetEntity, string TargetId, long Records, [property: JsonIgnore] NextAction? Fetch = null)
{
    /// <summary>The ids of the first ten rows that name it; in a file, of the first hundred.</summary>
    public IReadOnlyList<string> BubbleIds { get; init; } = [];
}
