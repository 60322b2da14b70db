namespace BubbleSync.Etl.Schema;

/// <summary>What was done to the target schema.</summary>
/// <param name="Created">The tables that were created.</param>
/// <param name="Comments">How many comments were written.</param>
/// <param name="Foreign">Tables that lack comments and belong to another role, which alone may write them.</param>
internal sealed record AppliedSchema(IReadOnlyList<string> Created, int Comments, IReadOnlyList<string> Foreign)
{
    /// <summary>What could not be done.</summary>
    public IReadOnlyList<string> Warnings => Foreign.Count == 0
        ? []
        : [$"Comments were not written on tables that belong to another role, which alone may do that: {string.Join(", ", Foreign)}. Apply the schema once as "
            + "their owner."];
}
