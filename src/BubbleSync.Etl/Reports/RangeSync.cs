namespace BubbleSync.Etl.Reports;

/// <summary>The result of <c>sync range</c>.</summary>
/// <param name="Success">Whether nothing failed.</param>
/// <param name="Results">The outcomes of the records in the range.</param>
/// <param name="Run">The run as every run reports.</param>
public sealed record RangeSyncReport(bool Success, RangeResults Results, RunReport Run)
{
    /// <summary>The entity whose records were chosen.</summary>
    public required string Entity { get; init; }

    /// <summary>The result as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}

/// <summary>The outcomes of the records in a range.</summary>
/// <param name="Total">Records in the range.</param>
/// <param name="Synced">Of these, records of which something was written; with <c>--force</c>, all that did not fail.</param>
/// <param name="Skipped">Of these, records of which nothing was to write; with <c>--force</c>, none.</param>
/// <param name="Failed">Of these, records of which something failed.</param>
/// <param name="Errors">What went wrong: the first hundred errors and the first hundred warnings, each closed by the number of the others.</param>
public sealed record RangeResults(int Total, int Synced, int Skipped, int Failed, IReadOnlyList<SyncTrouble> Errors);
