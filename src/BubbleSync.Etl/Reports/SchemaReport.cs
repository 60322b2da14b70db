namespace BubbleSync.Etl.Reports;

/// <summary>What was made in the target schema.</summary>
/// <param name="Created">The tables that were missing.</param>
/// <param name="Views">The views that were made or replaced; none if they were not asked for.</param>
/// <param name="Comments">How many comments on tables and columns were written.</param>
/// <param name="Warnings">What could not be done.</param>
public sealed record SchemaReport(IReadOnlyList<string> Created, IReadOnlyList<string> Views, int Comments, IReadOnlyList<string> Warnings)
{
    /// <summary>The database and the schema.</summary>
    public TargetPlace? Target { get; init; }

    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}
