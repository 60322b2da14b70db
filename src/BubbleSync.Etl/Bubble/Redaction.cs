namespace BubbleSync.Etl.Bubble;

/// <summary>Makes a text from Bubble fit for messages, which go to the screen and into the database.</summary>
internal sealed class Redaction(string? token)
{
    private const int Longest = 200;

    /// <summary>The text without the token and without U+0000, which PostgreSQL does not store, on one line, cut to 200 characters.</summary>
    public string Clean(string text)
    {
        var clean = string.IsNullOrEmpty(token) ? text : text.Replace(token, "***", StringComparison.Ordinal);
        clean = string.Join(' ', clean.Replace("\0", "", StringComparison.Ordinal).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (clean.Length <= Longest)
            return clean;

        // Not between the two halves of one character.
        return clean[..(char.IsHighSurrogate(clean[Longest - 1]) ? Longest - 1 : Longest)] + "…";
    }
}
