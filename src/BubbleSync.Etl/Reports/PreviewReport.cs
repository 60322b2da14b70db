namespace BubbleSync.Etl.Reports;

/// <summary>Records of an entity as a resync would store them. Nothing was written.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="BubbleType">Its Bubble type.</param>
/// <param name="Table">Its table.</param>
/// <param name="Columns">The columns that a resync writes.</param>
/// <param name="Records">The newest records by Created Date, the newest first.</param>
/// <param name="Warnings">What a user should know.</param>
public sealed record PreviewReport(
    string Entity, string BubbleType, string Table, IReadOnlyList<PreviewColumn> Columns, IReadOnlyList<PreviewRecord> Records,
    IReadOnlyList<string> Warnings)
{
    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}

/// <summary>A column that a resync writes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="BubbleField">The Bubble field that it is read from.</param>
public sealed record PreviewColumn(string Name, string Type, string BubbleField);

/// <summary>A record as a resync would store it.</summary>
/// <param name="BubbleId">Its id; null where it has none that is usable.</param>
/// <param name="Values">
/// The values by column: numbers digit for digit, times in ISO 8601, lists as JSON; null for NULL. A column whose field the record does not have is left out,
/// because it keeps what it has.
/// </param>
/// <param name="Rejected">Why the record would be rejected; none if it would be stored.</param>
public sealed record PreviewRecord(string? BubbleId, IReadOnlyDictionary<string, string?> Values, IReadOnlyList<PreviewReject> Rejected);

/// <summary>A field because of which a record would be rejected.</summary>
/// <param name="BubbleField">The field.</param>
/// <param name="Reason">Why it does not convert.</param>
public sealed record PreviewReject(string BubbleField, string Reason);
