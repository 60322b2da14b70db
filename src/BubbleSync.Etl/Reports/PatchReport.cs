using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Reports;

/// <summary>The result of a patch.</summary>
/// <param name="Name">The file's name without ending.</param>
/// <param name="Status">Its result.</param>
/// <param name="Rows">Rows it changed.</param>
/// <param name="Error">Why it failed or was skipped, or null.</param>
public sealed record PatchReport(string Name, PatchStatus Status, long Rows, string? Error)
{
    /// <summary>How long it took, in milliseconds; left out where it took none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long DurationMs { get; init; }
}
