namespace BubbleSync.Etl.Reports;

/// <summary>The sources for dbt that were written.</summary>
/// <param name="File">The file; null if none was asked for.</param>
/// <param name="SourceName">The name of the source in dbt.</param>
/// <param name="Schema">The schema of its tables.</param>
/// <param name="Tables">How many tables it has.</param>
/// <param name="Tests">How many tests it has.</param>
/// <param name="Text">The content for the file; null if it was written.</param>
public sealed record DbtReport(string? File, string SourceName, string Schema, int Tables, int Tests, string? Text)
{
    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}
