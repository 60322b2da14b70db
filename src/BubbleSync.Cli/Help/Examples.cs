namespace BubbleSync.Cli.Help;

/// <summary>
/// The examples of the help, three for each command. They are in <c>examples.txt</c>: a head such as <c>[sync range]</c> for each command, then a line for each
/// example, with what it is for behind <c>#</c>.
/// </summary>
internal static class Examples
{
    /// <summary>Returns those of a command.</summary>
    /// <param name="path">Its words, with the program's name first.</param>
    public static IReadOnlyList<HelpEntry> Of(string path) => [.. Lines().SkipWhile(l => l != $"[{path}]").Skip(1).TakeWhile(l => l.Length > 0 && l[0] != '[')
        .Select(l => l.Split(" # ", 2, StringSplitOptions.TrimEntries)).Select(l => new HelpEntry(l[0], l[1]))];

    private static IEnumerable<string> Lines()
    {
        using var reader = new StreamReader(typeof(Examples).Assembly.GetManifestResourceStream("examples.txt")!);
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}
