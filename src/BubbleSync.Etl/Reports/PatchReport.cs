namespace BubbleSync.Etl.Reports;

/// <summary>What a patch did.</summary>
/// <param name="Name">The file's name without ending.</param>
/// <param name="Status">What came of it.</param>
/// <param name="Rows">Rows it changed.</param>
/// <param name="Error">Why it failed or was skipped, or null.</param>
public sealed record PatchReport(string Name, PatchStatus Status, long Rows, string? Error);
