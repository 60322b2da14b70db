using BubbleSync.Cli.Output;
using Spectre.Console;

namespace BubbleSync.Cli.Help;

/// <summary>Prints the help of a command: names to the left, explanations beside them, or below them in a narrow terminal.</summary>
internal static class HelpText
{
    private const int LongestName = 32;
    private const int LeastText = 36;
    private const string Indent = "  ";
    private const string Below = "      ";

    /// <summary>Prints it.</summary>
    public static void Print(HelpTopic topic, IAnsiConsole console)
    {
        var (writer, width) = (console.Profile.Out.Writer, Terminal.Width(console));
        writer.WriteLine(WordWrap.Of($"{topic.Description}.", width));
        List("Usage", [new HelpEntry(topic.Usage, "")]);
        List("Arguments", topic.Arguments);
        List("Options", topic.Options);
        List(topic.Options.Count > 0 ? "Options of every command" : "Options", topic.CommonOptions);
        if (topic.Examples.Count > 0)
            writer.WriteLine($"{writer.NewLine}Examples:");
        foreach (var example in topic.Examples)
            writer.WriteLine(WordWrap.Of($"{Indent}{example.Name}   # {example.Description}", width));
        List("Commands", topic.Commands);

        void List(string head, IReadOnlyList<HelpEntry> entries)
        {
            if (entries.Count == 0)
                return;

            writer.WriteLine($"{writer.NewLine}{head}:");
            var column = Indent.Length + entries.Select(e => e.Name.Length).Where(l => l <= LongestName).DefaultIfEmpty(0).Max() + Indent.Length;
            foreach (var line in entries.SelectMany(e => Lines(e, column, width)))
                writer.WriteLine(line);
        }
    }

    private static IEnumerable<string> Lines(HelpEntry entry, int column, int? width)
    {
        var name = Indent + entry.Name;
        if (entry.Description.Length == 0)
            return [WordWrap.Of(name, width)];

        var isBelow = width - column < LeastText;
        var indent = isBelow ? Below : new string(' ', column);
        var lines = entry.Description.Split('\n').SelectMany(l => WordWrap.Of(l, width - indent.Length).Split('\n')).Select(l => indent + l).ToList();
        return isBelow || name.Length + Indent.Length > column ? [name, .. lines] : [name + lines[0][name.Length..], .. lines.Skip(1)];
    }
}
