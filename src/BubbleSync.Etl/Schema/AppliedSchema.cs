namespace BubbleSync.Etl.Schema;

/// <summary>What was done to the target schema.</summary>
/// <param name="Created">The tables that were created.</param>
/// <param name="Views">The views that were made or replaced.</param>
/// <param name="Comments">How many comments were written.</param>
/// <param name="Warnings">What could not be done, and what to do.</param>
internal sealed record AppliedSchema(IReadOnlyList<string> Created, IReadOnlyList<string> Views, int Comments, IReadOnlyList<string> Warnings);
