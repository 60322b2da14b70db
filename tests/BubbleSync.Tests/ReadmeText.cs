using System.Text.RegularExpressions;

namespace BubbleSync.Tests;

/// <summary>What our READMEs and pages say, taken apart.</summary>
internal static partial class ReadmeText
{
    /// <summary>The page of all commands.</summary>
    public const string CommandPage = "docs/commands.md";

    /// <summary>Every README and page of ours by its path below the root, with slashes.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new[] { "src", "tests", "config", "benchmarks", "docs" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.md", SearchOption.AllDirectories))
        .Concat(Directory.EnumerateFiles(Repository.Root, "*.md"))
        .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
        .Where(file => !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal))
        .ToDictionary(file => file, file => File.ReadAllText(Path.Combine(Repository.Root, file)));

    /// <summary>The README at the root of the repository.</summary>
    public static string Front => All["README.md"];

    /// <summary>The blocks of one language, in order.</summary>
    public static IReadOnlyList<string> Blocks(string text, string language) =>
        [.. Block().Matches(text).Where(b => b.Groups["language"].Value == language).Select(b => b.Groups["body"].Value)];

    /// <summary>The lines of all blocks with a language.</summary>
    public static IEnumerable<string> CodeLines(string text) => Block().Matches(text).SelectMany(b => b.Groups["body"].Value.Split('\n'));

    /// <summary>A text without its blocks and without what stands between backticks.</summary>
    public static string WithoutCode(string text) => InlineCode().Replace(Block().Replace(text, ""), "");

    /// <summary>Every line after a <c>$</c> of the console blocks of a page, in order, with the output that is shown for it.</summary>
    public static IReadOnlyList<ReadmeCommand> Commands(string page) =>
    [
        .. Blocks(All[page], "console").SelectMany(block => block.Split("$ ", StringSplitOptions.RemoveEmptyEntries))
            .Select(command => command.TrimEnd('\n').Split('\n'))
            .Select(lines => new ReadmeCommand(lines[0].Split(" #")[0].Trim(), lines[1..])),
    ];

    /// <summary>The text of a section of a page, from its heading to the next.</summary>
    public static string Section(string page, string heading) =>
        Heading().Split(All[page]).SkipWhile(part => part != heading).Skip(1).FirstOrDefault()
        ?? throw new InvalidDataException($"{page} has no section '{heading}'.");

    /// <summary>The headings of the third level of the page of commands, which are the commands.</summary>
    public static IEnumerable<string> CommandHeadings() =>
        All[CommandPage].Split('\n').Where(line => line.StartsWith("### ", StringComparison.Ordinal)).Select(line => line[4..]);

    /// <summary>What a link to a heading of a page has behind its <c>#</c>.</summary>
    public static IEnumerable<string> Anchors(string page) =>
        AnyHeading().Matches(Block().Replace(All[page], "")).Select(m => NotInAnchor().Replace(m.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-'));

    /// <summary>The rows of the table below a heading, without its head; each cell without the marks of code.</summary>
    public static IReadOnlyList<string[]> Table(string page, string heading) =>
        [.. Section(page, heading).Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(2)
            .Select(line => line.Trim('|', ' ').Split(" | ").Select(cell => cell.Trim().Trim('`')).ToArray())];

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<body>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^#{2,3} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex AnyHeading();

    [GeneratedRegex("`[^`\n]+`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}

/// <summary>A command as the README shows it.</summary>
/// <param name="Line">The words.</param>
/// <param name="Output">The lines shown below it; <c>…</c> stands for any that are left out.</param>
internal sealed record ReadmeCommand(string Line, IReadOnlyList<string> Output)
{
    /// <summary>The exit code that a reader expects: 3 where an error is shown, else 0.</summary>
    public int Code => Output.Any(line => line.StartsWith("error:", StringComparison.Ordinal)) ? 3 : 0;
}
