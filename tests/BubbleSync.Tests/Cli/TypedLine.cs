using System.CommandLine;
using System.CommandLine.Parsing;
using BubbleSync.Cli;

namespace BubbleSync.Tests.Cli;

/// <summary>Command lines that are parsed and checked, but not run.</summary>
internal static class TypedLine
{
    /// <summary>The program's commands.</summary>
    public static RootCommand Root { get; } = CommandLine.Root();

    /// <summary>Returns a command and all below it, with the words of each.</summary>
    public static IEnumerable<(string Path, Command Command)> All(Command? top = null, string path = "bubblesync") =>
        (top ?? Root).Subcommands.SelectMany(c => All(c, $"{path} {c.Name}")).Prepend((path, top ?? Root));

    /// <summary>Returns what is wrong with a line.</summary>
    public static IReadOnlyList<string> Faults(string line) => Usage.Faults(Root.Parse(line), [.. CommandLineParser.SplitCommandLine(line)]);
}
