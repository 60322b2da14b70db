using System.Text.RegularExpressions;

namespace BubbleSync.Tests;

/// <summary>What our READMEs say, taken apart.</summary>
internal static partial class ReadmeText
{
    /// <summary>The README at the door of the repository.</summary>
    public static string Front { get; } = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

    /// <summary>Every README of ours by its path below the root, with slashes.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new[] { "src", "tests", "config", "benchmarks" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.md", SearchOption.AllDirectories))
        .Append(Path.Combine(Repository.Root, "README.md"))
        .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
        .Where(file => !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal))
        .ToDictionary(file => file, file => File.ReadAllText(Path.Combine(Repository.Root, file)));

    /// <summary>The blocks of one language, in order.</summary>
    public static IReadOnlyList<string> Blocks(string text, string language) =>
        [.. Block().Matches(text).Where(b => b.Groups["language"].Value == language).Select(b => b.Groups["body"].Value)];

    /// <summary>Every line after a <c>$</c> of the console blocks, in order, with the output that is shown for it.</summary>
    public static IReadOnlyList<ReadmeCommand> Commands() =>
    [
        .. Blocks(Front, "console").SelectMany(block => block.Split("$ ", StringSplitOptions.RemoveEmptyEntries))
            .Select(command => command.TrimEnd('\n').Split('\n'))
            .Select(lines => new ReadmeCommand(lines[0].Split(" #")[0].Trim(), lines[1..])),
    ];

    /// <summary>The text of a section, from its heading to the next.</summary>
    public static string Section(string heading) =>
        Heading().Split(Front).SkipWhile(part => part != heading).Skip(1).FirstOrDefault() ?? throw new InvalidDataException($"README.md has no section '{heading}'.");

    /// <summary>The headings of the third level, which are commands.</summary>
    public static IEnumerable<string> CommandHeadings() => Front.Split('\n').Where(line => line.StartsWith("### ", StringComparison.Ordinal)).Select(line => line[4..]);

    /// <summary>The rows of the table below a heading, without its head; each cell without the marks of code.</summary>
    public static IReadOnlyList<string[]> Table(string heading) =>
        [.. Section(heading).Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(2).Select(line => line.Trim('|', ' ').Split(" | ").Select(cell => cell.Trim().Trim('`')).ToArray())];

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<body>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^#{2,3} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}

/// <summary>A command as the README shows it.</summary>
/// <param name="Line">The words.</param>
/// <param name="Output">The lines shown below it; <c>…</c> stands for any that are left out.</param>
internal sealed record ReadmeCommand(string Line, IReadOnlyList<string> Output)
{
    /// <summary>The exit code that a reader expects: 3 where an error is shown, else 0.</summary>
    public int Code => Output.Any(line => line.StartsWith("error:", StringComparison.Ordinal)) ? 3 : 0;
}
