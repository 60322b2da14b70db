namespace BubbleSync.Etl.Settings;

/// <summary>Of which run a report is made, and where to.</summary>
public sealed record ReportOptions
{
    /// <summary>The run's id, the beginning of it, or <c>last</c>. Default <c>last</c>.</summary>
    public string Run { get; init; } = "last";

    /// <summary>The web page to write, or null.</summary>
    public string? HtmlFile { get; init; }

    /// <summary>The workbook to write, or null.</summary>
    public string? XlsxFile { get; init; }

    /// <summary>The time zone of the times in the files. Default UTC.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;
}
