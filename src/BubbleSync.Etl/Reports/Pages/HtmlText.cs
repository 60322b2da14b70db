using System.Net;
using System.Text.RegularExpressions;

namespace BubbleSync.Etl.Reports.Pages;

/// <summary>Returns texts as they can stand in HTML, whatever they contain.</summary>
internal static partial class HtmlText
{
    /// <summary>Escapes markup, and replaces characters that HTML forbids.</summary>
    public static string Of(string? text) => WebUtility.HtmlEncode(Forbidden().Replace(text ?? "", "\uFFFD"));

    /// <summary>The same for a value from a record, which cannot turn the direction of the text around it.</summary>
    public static string Value(string? text) => $"<bdi>{Of(text)}</bdi>";

    [GeneratedRegex(@"[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\uFFFE\uFFFF]")]
    private static partial Regex Forbidden();
}
