using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Settings;

/// <summary>Which records are compared with the tables.</summary>
public sealed record VerifyOptions
{
    /// <summary>The entities; none for all.</summary>
    public IReadOnlyList<string> Entities { get; init; } = [];

    /// <summary>Only records modified at this moment or later; null for all.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only about so many records of each entity, or such a part, spread evenly over its history; null for all.</summary>
    public Limit? Sample { get; init; }

    /// <summary>
    /// Whether only the numbers of records are compared, by Created Date. Where they differ, and only there, records are read and compared. Default false.
    /// </summary>
    public bool ByCounts { get; init; }

    /// <summary>Whether values that are kept here though Bubble no longer sends them are differences. Default false.</summary>
    public bool Strict { get; init; }

    /// <summary>The file that every difference is written to as CSV, or null.</summary>
    [JsonIgnore]
    public string? CsvFile { get; init; }

    /// <summary>Whether spreadsheets keep every text of the CSV as it is; it then begins with a byte order mark. Default false.</summary>
    [JsonIgnore]
    public bool Excel { get; init; }
}
