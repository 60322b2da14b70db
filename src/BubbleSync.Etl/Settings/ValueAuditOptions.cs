using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Settings;

/// <summary>Which values are audited, and where the rows go.</summary>
public sealed record ValueAuditOptions
{
    /// <summary>The entities; none for all.</summary>
    public IReadOnlyList<string> Entities { get; init; } = [];

    /// <summary>Only records modified at this moment or later; null for all.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only rows of this verdict; null for all.</summary>
    public ValueVerdict? Only { get; init; }

    /// <summary>Whether texts that a spreadsheet would take for formulas are written as they are. Default false: they get a leading apostrophe.</summary>
    public bool Formulas { get; init; }

    /// <summary>The file that the rows are written to as CSV, compressed where its name ends in <c>.gz</c>; or null.</summary>
    [JsonIgnore]
    public string? CsvFile { get; init; }

    /// <summary>Whether spreadsheets keep every text of the CSV as it is; it then begins with a byte order mark. Default false.</summary>
    [JsonIgnore]
    public bool Excel { get; init; }

    /// <summary>The stream that receives the rows if there is no file; null for none.</summary>
    [JsonIgnore]
    public Stream? Output { get; init; }

    /// <summary>
    /// Whether <see cref="Output"/> gets one JSON document instead of CSV: <c>rows</c> as they come, then the rest of the report. Default false.
    /// </summary>
    [JsonIgnore]
    public bool Json { get; init; }
}
