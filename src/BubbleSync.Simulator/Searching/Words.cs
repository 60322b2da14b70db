using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator.Searching;

/// <summary>Full-text search as Bubble's: whole words, case and plural aside, stop words dropped; a part of a word matches nothing.</summary>
internal static class Words
{
    private static readonly HashSet<string> StopWords =
        ["a", "an", "and", "are", "as", "at", "be", "by", "for", "in", "is", "it", "of", "on", "or", "the", "to", "with"];

    public static bool Match(RecordView view, Field field, IReadOnlyList<IComparable> values)
    {
        if (view.Value(field) is not string text)
            return false;

        var there = Of(text).ToHashSet();
        return Of(values[0].ToString() ?? "").All(there.Contains);
    }

    private static IEnumerable<string> Of(string text) =>
        new string([.. text.Select(letter => char.IsLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : ' ')])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(word => !StopWords.Contains(word))
            .Select(word => word.Length > 3 && word.EndsWith('s') ? word[..^1] : word);
}
