namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>The ways to bring all records over; also the names of their databases.</summary>
internal static class Way
{
    public const string Program = "bubblesync";
    public const string Skeleton = "skeleton";
    public const string Floor = "floor";
    public const string Drain = "drain";
    public const string Rows = "rows";
    public const string Throttled = "throttled";
}
