namespace BubbleSync.Etl.Bubble;

/// <summary>Makes a text from Bubble fit for messages. Its 401 body echoes the token: see BubbleClient, which never quotes that one at all.</summary>
internal sealed class Redaction(string? token)
{
    private const int Longest = 200;

    /// <summary>The text without the token, on one line, cut to 200 characters.</summary>
    public string Clean(string text)
    {
        var clean = string.IsNullOrEmpty(token) ? text : text.Replace(token, "***", StringComparison.Ordinal);
        clean = string.Join(' ', clean.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return clean.Length <= Longest ? clean : clean[..Longest] + "…";
    }
}
