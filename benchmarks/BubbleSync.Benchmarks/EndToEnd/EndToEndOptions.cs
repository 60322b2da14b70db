using System.Globalization;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>What <c>bench e2e</c> is to do.</summary>
internal sealed record EndToEndOptions
{
    public const string Usage =
        "bench e2e [--sizes N,N…] [--rounds N] [--only first,unchanged,changed] [--skip skeleton,floor,rows,throttled,drain] [--limit N] [--output text|json]";

    private static readonly Dictionary<string, Func<EndToEndOptions, string, EndToEndOptions>> Words = new()
    {
        ["--sizes"] = (options, value) => options with { Sizes = [.. value.Split(',').Select(Number)] },
        ["--rounds"] = (options, value) => options with { Rounds = Number(value) },
        ["--only"] = (options, value) => options with { Only = [.. value.Split(',').Select(One)] },
        ["--skip"] = (options, value) => options with { Skip = [.. value.Split(',').Select(Part)] },
        ["--limit"] = (options, value) => options with { Limit = Number(value) },
        ["--output"] = (options, value) => options with { IsJson = Output(value) == "json" },
        ["--program"] = (options, value) => options with { Program = value },
    };

    /// <summary>Records in all types together. Default 10,000, 100,000 and 500,000.</summary>
    public IReadOnlyList<int> Sizes { get; init; } = [10_000, 100_000, 500_000];

    /// <summary>How often everything is run; the median counts. Default 3.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>The situations to show. Default all.</summary>
    public IReadOnlyList<Situation> Only { get; init; } = Enum.GetValues<Situation>();

    /// <summary>What to leave out. Default nothing.</summary>
    public IReadOnlyList<string> Skip { get; init; } = [];

    /// <summary>Requests a minute of the throttled run. Default null: as many as make the pages alone take 20 s.</summary>
    public int? Limit { get; init; }

    /// <summary>Whether stdout carries JSON. Default false: the table.</summary>
    public bool IsJson { get; init; }

    /// <summary>Where <c>bubblesync.dll</c> is; the script knows.</summary>
    public string Program { get; init; } = "";

    /// <summary>Reads words; one that is not known throws.</summary>
    public static EndToEndOptions Parse(IReadOnlyList<string> words)
    {
        var options = new EndToEndOptions();
        for (var at = 0; at < words.Count; at += 2)
        {
            var take = Words.GetValueOrDefault(words[at]) ?? throw new ArgumentException($"There is no '{words[at]}'. Usage: {Usage}");
            var value = at + 1 < words.Count ? words[at + 1] : throw new ArgumentException($"{words[at]} needs a value. Usage: {Usage}");
            options = take(options, value);
        }

        if (options.Program.Length == 0)
            throw new ArgumentException($"Start it by the script, which knows where the program is. Usage: {Usage}");
        return options;
    }

    /// <summary>The size for the throttled run: large enough that the fixed cost of a run hardly counts, small enough to be patient with.</summary>
    public int ThrottledSize => Sizes.MinBy(size => Math.Abs(size - 100_000));

    /// <summary>Whether a rival or a part is wanted.</summary>
    public bool Runs(string part) => !Skip.Contains(part);

    private static int Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"'{text}' is no number above 0. Usage: {Usage}");

    private static Situation One(string word) =>
        Enum.GetValues<Situation>().Cast<Situation?>().FirstOrDefault(s => s.ToString()!.Equals(word, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"There is no situation '{word}'. Usage: {Usage}");

    private static string Part(string word) =>
        word is Way.Skeleton or Way.Floor or Way.Rows or Way.Throttled or Way.Drain ? word : throw new ArgumentException($"'{word}' cannot be skipped. "
            + $"Usage: {Usage}");

    private static string Output(string word) =>
        word is "text" or "json" ? word : throw new ArgumentException($"There is no output '{word}'. Usage: {Usage}");
}
