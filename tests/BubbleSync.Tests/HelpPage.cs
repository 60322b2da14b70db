using System.Text.RegularExpressions;

namespace BubbleSync.Tests;

/// <summary>What <c>--help</c> says of one command.</summary>
/// <param name="Path">The command's words: <c>audit fields</c>; empty for the program itself.</param>
/// <param name="Options">The options, as they are written.</param>
/// <param name="Commands">The commands below it.</param>
internal sealed partial record HelpPage(string Path, IReadOnlyList<string> Options, IReadOnlyList<string> Commands)
{
    /// <summary>Whether the words do something without a further one.</summary>
    public bool Runs => Commands.Count == 0 || Path is "status" or "database";

    /// <summary>Reads the pages of the program and of all its commands by asking it.</summary>
    public static async Task<IReadOnlyList<HelpPage>> ReadAllAsync(ReadmeTerminal terminal, string path = "")
    {
        var said = string.Join('\n', (await terminal.RunAsync($"bubblesync {path} --help".Replace("  ", " ", StringComparison.Ordinal))).Output);
        var below = said.Split("\nCommands:\n") is [_, var commands] ? commands : "";
        var page = new HelpPage(path, [.. Option().Matches(said).Select(m => m.Groups[1].Value)], [.. Command().Matches(below).Select(m => m.Groups[1].Value)]);

        List<HelpPage> pages = [page];
        foreach (var command in page.Commands)
            pages.AddRange(await ReadAllAsync(terminal, $"{path} {command}".Trim()));
        return pages;
    }

    [GeneratedRegex(@"^  (?:-\?, -h, )?(--[a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex Option();

    [GeneratedRegex(@"^  ([a-z]+)", RegexOptions.Multiline)]
    private static partial Regex Command();
}
