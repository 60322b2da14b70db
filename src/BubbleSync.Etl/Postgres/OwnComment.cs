namespace BubbleSync.Etl.Postgres;

/// <summary>The comments that the program writes on objects of the target schema. What carries one, it may replace; what others wrote, it never does.</summary>
internal static class OwnComment
{
    /// <summary>The SQL condition that a comment is the program's own; it follows the comment's expression.</summary>
    public const string IsOwnSql = $"like '%{Mark}'";

    private const string Mark = " (bubblesync)";

    /// <summary>Returns words as a comment. A line break would spoil the tables in which tools show it.</summary>
    public static string Of(string words) => words.ReplaceLineEndings(" ") + Mark;

    /// <summary>Whether a comment is the program's own.</summary>
    public static bool IsOwn(string comment) => comment.EndsWith(Mark, StringComparison.Ordinal);
}
