namespace BubbleSync.Etl.Reports;

/// <summary>What a patch did.</summary>
/// <param name="Name">The file's name without ending.</param>
/// <param name="Status"><c>succeeded</c>, <c>failed</c>, or <c>skipped</c> where a table it needs is missing.</param>
/// <param name="Rows">Rows it changed.</param>
/// <param name="Error">Why it failed or was skipped, or null.</param>
public sealed record PatchReport(string Name, string Status, long Rows, string? Error);
