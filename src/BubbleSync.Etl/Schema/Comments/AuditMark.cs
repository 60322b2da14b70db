using System.Text.RegularExpressions;

namespace BubbleSync.Etl.Schema.Comments;

/// <summary>
/// The comment on a column that an audit of the schema added for a field that no map read then. It tells these columns from those of the application, so it
/// stays in front of what is written later.
/// </summary>
internal static partial class AuditMark
{
    /// <summary>How it begins.</summary>
    public const string Start = "Added by the audit of the schema for";

    /// <summary>The same as earlier versions wrote it, as a pattern of LIKE.</summary>
    public const string EarlierStart = "Added by '%audit schema' for";

    /// <summary>Returns the comment for a field.</summary>
    public static string Of(string field) => $"{Start} Bubble's field '{field}'";

    /// <summary>Returns the part of a comment that is this mark; null where there is none.</summary>
    public static string? In(string comment) => Mark().Match(comment) is { Success: true } found ? found.Value : null;

    [GeneratedRegex(@"^Added by (?:the audit of the schema|'[^']*audit schema') for Bubble's field '.*?'(?=\. |$)", RegexOptions.CultureInvariant)]
    private static partial Regex Mark();
}
