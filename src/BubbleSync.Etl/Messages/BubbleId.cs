using System.Text;

namespace BubbleSync.Etl.Messages;

/// <summary>The form of Bubble's ids: digits, an x, digits.</summary>
internal static class BubbleId
{
    /// <summary>The form, however long, as a regular expression of PostgreSQL.</summary>
    public const string Pattern = "^[0-9]+x[0-9]+$";

    /// <summary>Returns an SQL condition: an expression of a text type has the form.</summary>
    public static string IsOfForm(string id) => $"{id}::text collate \"C\" ~ '{Pattern}'";

    /// <summary>Characters at the most: real ones have 31 or 32, and what does not fit into an index page would stop a merge.</summary>
    public const int Longest = 1000;

    /// <summary>Whether a text has the form.</summary>
    public static bool IsValid(string text) => IsValid(Encoding.UTF8.GetBytes(text));

    /// <summary>Whether a text has the form.</summary>
    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        var cross = text.IndexOf((byte)'x');
        return text.Length <= Longest && cross > 0 && cross < text.Length - 1
            && !text[..cross].ContainsAnyExceptInRange((byte)'0', (byte)'9')
            && !text[(cross + 1)..].ContainsAnyExceptInRange((byte)'0', (byte)'9');
    }
}
