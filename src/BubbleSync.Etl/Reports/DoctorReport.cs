using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Reports;

/// <summary>The results of all checks before a run.</summary>
/// <param name="Success">Whether every check is well.</param>
/// <param name="Checks">The checks in the order in which they build on each other.</param>
public sealed record DoctorReport(bool Success, IReadOnlyList<DoctorCheck> Checks)
{
    /// <summary>The place that was looked at.</summary>
    public TargetPlace? Target { get; init; }

    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}

/// <summary>One check.</summary>
/// <param name="Name">What was checked.</param>
/// <param name="Status"><c>well</c>, <c>failed</c>, or <c>skipped</c> if an earlier failure makes the check impossible.</param>
/// <param name="Message">What was found; where it failed, what to do.</param>
public sealed record DoctorCheck(string Name, CheckStatus Status, string Message)
{
    /// <summary>The action that the message ends with, as data; null where it names none. In no JSON.</summary>
    [JsonIgnore]
    public NextAction? Next { get; init; }
}
