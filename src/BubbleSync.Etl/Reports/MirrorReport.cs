namespace BubbleSync.Etl.Reports;

/// <summary>A run and the state of the mirror, as the files of a report show them.</summary>
/// <param name="Run">The run.</param>
/// <param name="Target">The database and the schema.</param>
/// <param name="App">The app that the schema mirrors; null if none is recorded.</param>
/// <param name="TimeZone">The time zone of the times in the files, with its offset now.</param>
/// <param name="RejectedFields">Fields that did not convert, in this run or in earlier ones, of records that no later run read again.</param>
/// <param name="OrphanedReferences">Links in the tables whose target no table has, each target once for each entity and column.</param>
/// <param name="Differences">Differences that are kept of the comparison.</param>
/// <param name="Comparison">The run that compared: this one, else the last one before it; null if there is none.</param>
/// <param name="Coverage">How many of Bubble's values are in the tables, by entity, as the last audits of fields found it.</param>
/// <param name="Notes">What the files do not show, and why.</param>
/// <param name="HtmlFile">The page that was written, or null.</param>
/// <param name="XlsxFile">The workbook that was written, or null.</param>
public sealed record MirrorReport(
    RunReport Run, string Target, string? App, string TimeZone, long RejectedFields, long OrphanedReferences, long Differences, Guid? Comparison,
    IReadOnlyList<FieldCoverage> Coverage, IReadOnlyList<string> Notes, string? HtmlFile, string? XlsxFile)
{
    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}
