namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>All that takes part, whatever the size.</summary>
internal sealed record BenchmarkSetup(
    EndToEndOptions Options, string State, Databases Databases, TargetTables Tables, BubblesyncProgram Program, SkeletonProgram Skeleton)
{
    /// <summary>A folder of patches that holds none.</summary>
    public string NoPatches => Directory.CreateDirectory(Path.Combine(State, "benchmarks", "no-patches")).FullName;

    public Floor Floor => new(Databases, Tables.Maps, Path.Combine(State, "benchmarks", "floor"));
}
