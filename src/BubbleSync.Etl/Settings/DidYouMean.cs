namespace BubbleSync.Etl.Settings;

/// <summary>Finds the known word that was probably meant.</summary>
public static class DidYouMean
{
    /// <summary>A hint such as <c> Did you mean 'invoice'?</c>, with the known words where none is near; empty where there are none.</summary>
    public static string Hint(string word, IEnumerable<string> known)
    {
        var words = known.Distinct().ToList();
        if (words.Count == 0)
            return "";

        return Nearest(word, words) is { } nearest ? $" Did you mean '{nearest}'?" : $" Known: {string.Join(", ", words.Order(StringComparer.Ordinal))}.";
    }

    /// <summary>Returns the known word that is near enough to have been meant; null where none is.</summary>
    internal static string? Nearest(string word, IEnumerable<string> known)
    {
        var nearest = known.MinBy(k => Distance(word.ToLowerInvariant(), k.ToLowerInvariant()));
        // Two letters that changed places are two edits.
        return nearest is not null && Distance(word.ToLowerInvariant(), nearest.ToLowerInvariant()) <= Math.Max(nearest.Length > 3 ? 2 : 1, nearest.Length / 3)
            ? nearest
            : null;
    }

    /// <summary>Edits between two words, after Levenshtein.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
