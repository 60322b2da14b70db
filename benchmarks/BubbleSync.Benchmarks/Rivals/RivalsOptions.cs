using System.Globalization;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>What <c>bench rivals</c> is to do.</summary>
internal sealed record RivalsOptions
{
    public const string Usage = "bench rivals [--rows N] [--rounds N]";

    /// <summary>Records to load. Default 100,000.</summary>
    public int Rows { get; init; } = 100_000;

    /// <summary>How often everything is run; the median counts. Default 3.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Reads words; one that is not known throws.</summary>
    public static RivalsOptions Parse(IReadOnlyList<string> words)
    {
        var options = new RivalsOptions();
        for (var at = 0; at < words.Count; at += 2)
        {
            var value = at + 1 < words.Count ? words[at + 1] : throw new ArgumentException($"{words[at]} needs a value. Usage: {Usage}");
            options = words[at] switch
            {
                "--rows" => options with { Rows = Number(value) },
                "--rounds" => options with { Rounds = Number(value) },
                _ => throw new ArgumentException($"There is no '{words[at]}'. Usage: {Usage}"),
            };
        }

        return options;
    }

    private static int Number(string word) => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
        ? number
        : throw new ArgumentException($"'{word}' is not a number above 0. Usage: {Usage}");
}
