using System.Globalization;
using System.Text.RegularExpressions;

namespace BubbleSync.Etl.Bubble;

/// <summary>Cleans texts from Bubble for messages, which go to the screen and into the database. Answers may echo the token, in any spelling.</summary>
internal sealed class Redaction
{
    private const int Longest = 200;
    private const int LeastDistinct = 8;
    private const string Hidden = "***";

    // The names of characters of a token in HTML, beside their numbers.
    private static readonly Dictionary<char, string> HtmlNames = new()
    {
        ['&'] = "amp",
        ['<'] = "lt",
        ['>'] = "gt",
        ['"'] = "quot",
        ['\''] = "apos",
        ['+'] = "plus",
        ['='] = "equals",
        ['/'] = "sol",
        ['_'] = "lowbar",
        ['.'] = "period",
    };

    private readonly Lazy<Regex>? _token;
    private readonly bool _isDistinct;

    /// <summary>Prepares the search for the token, which a run without a failure does not need; null if there is no token.</summary>
    public Redaction(string? token)
    {
        if (!string.IsNullOrEmpty(token))
            _token = new(() => new Regex(Spellings(token), RegexOptions.IgnoreCase | RegexOptions.CultureInvariant));
        _isDistinct = token?.Length >= LeastDistinct;
    }

    /// <summary>The text without the token, however it is escaped, and without U+0000: PostgreSQL does not store it, and it could split the token.</summary>
    public string Hide(string text)
    {
        var clean = text.Replace("\0", "", StringComparison.Ordinal);
        return _token?.Value.Replace(clean, Hidden) ?? clean;
    }

    /// <summary>A message of ours without the token. A token so short that it may be a word of ours is searched only in texts from outside.</summary>
    public string HideInMessage(string message) => _isDistinct ? Hide(message) : message;

    /// <summary>The text without the token, on one line, cut to 200 characters.</summary>
    public string Clean(string text)
    {
        var clean = string.Join(' ', Hide(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (clean.Length <= Longest)
            return clean;

        // Not within a surrogate pair.
        return clean[..(char.IsHighSurrogate(clean[Longest - 1]) ? Longest - 1 : Longest)] + "…";
    }

    /// <summary>The cause that the exception may keep: the message of another exception may quote what Bubble sent.</summary>
    public Exception? Hide(Exception? cause) =>
        cause is null || $"{cause}" is var text && Hide(text) == text ? cause : new IOException(Hide(cause.GetBaseException().Message));

    // A backslash at the token's end may be doubled.
    private static string Spellings(string token) => string.Concat(token.Select(Spellings)) + (token.EndsWith('\\') ? @"\\*" : "");

    // As it is; as %41 and %2541; as \u0041 and \x41; as &#65; and &#x41;, the & itself perhaps escaped; each perhaps behind backslashes.
    private static string Spellings(char letter)
    {
        var (hex, number) = (((int)letter).ToString("x2", CultureInfo.InvariantCulture), ((int)letter).ToString(CultureInfo.InvariantCulture));
        var name = HtmlNames.TryGetValue(letter, out var known) ? $"|{known}" : "";
        var html = $@"&(?:amp;)*(?:\#0*{number}|\#x0*{hex}{name});?";
        // The letter itself comes last: it may begin an escape. Backslashes match lazily: they may belong to the next letter's escape.
        return $@"\\*?(?:%(?:25)*{hex}|\\+u\{{?0*{hex}\}}?|\\+x{hex}|{html}|{Regex.Escape(letter.ToString())})";
    }
}
