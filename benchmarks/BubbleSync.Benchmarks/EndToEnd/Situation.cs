namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>What a run finds: empty tables; tables that hold just what Bubble has; tables of which every tenth row is behind.</summary>
internal enum Situation
{
    First,
    Unchanged,
    Changed,
}
