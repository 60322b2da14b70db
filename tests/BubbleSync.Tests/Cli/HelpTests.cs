using BubbleSync.Cli.Help;
using Spectre.Console;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>The help of every command: in order, with examples that work, in terminals of any width.</summary>
public sealed class HelpTests
{
    [Fact]
    public void Every_command_has_three_examples_that_it_takes() => Assert.All(TypedLine.All(), c =>
    {
        var examples = HelpTopic.Of(c.Command).Examples;

        Assert.Equal(3, examples.Count);
        Assert.All(examples, e =>
        {
            Assert.StartsWith(c.Command.Subcommands.Count > 0 ? c.Path : $"{c.Path} ", $"{e.Name} ", StringComparison.Ordinal);
            Assert.Empty(TypedLine.Faults(e.Name["bubblesync ".Length..]));
        });
    });

    [Theory]
    [InlineData(60)]
    [InlineData(40)]
    public void A_narrow_terminal_breaks_no_word(int width) => Assert.All(TypedLine.All(), c =>
    {
        var words = Print(c.Command, 1000).SelectMany(Words).ToHashSet();
        var lines = Print(c.Command, width);

        Assert.All(lines.SelectMany(Words), w => Assert.Contains(w, words.Append("\\").Append("`")));
        // What is too long has no blank at which it could be broken.
        Assert.All(lines.Where(l => l.Length > width), l => Assert.True(Words(l).Count() <= 2, l));
    });

    [Fact]
    public void The_description_comes_first_then_the_own_options_then_those_of_all()
    {
        var lines = Print(TypedLine.Root.Subcommands.Single(c => c.Name == "resync"), 120);

        Assert.Equal("Read and merge all records of all or the named entities.", lines[0]);
        Assert.Equal(["Usage:", "Options:", "Options of every command:", "Examples:"], lines.Where(l => l.EndsWith(':')));
        Assert.Equal(["entity", "create"], lines.SkipWhile(l => l != "Options:").Skip(1).Take(2).Select(l => l.Trim().TrimStart('-').Split(' ')[0]));
        Assert.Contains(lines, l => l.EndsWith("delete them (hard) [default: report]", StringComparison.Ordinal)
            || l.Contains("[default: report]", StringComparison.Ordinal));
    }

    [Fact]
    public void A_long_list_of_words_stands_behind_the_explanation() => Assert.Contains(
        Print(TypedLine.Root.Subcommands.Single(c => c.Name == "runs").Subcommands[0], 1000),
        l => l.StartsWith("  --kind <KIND>      Only runs of this kind: resync, ", StringComparison.Ordinal));

    [Fact]
    public async Task Help_prints_what_the_option_prints_and_names_a_word_that_is_no_command()
    {
        var verb = await ChildProcess.BubblesyncAsync(Path.GetTempPath(), ["help", "sync", "range"]);
        var option = await ChildProcess.BubblesyncAsync(Path.GetTempPath(), ["sync", "range", "--help"]);

        Assert.Equal((0, "", option.Output), (verb.Code, verb.Error, verb.Output));
        Assert.StartsWith("Sync the records of an entity", verb.Output, StringComparison.Ordinal);
        Assert.Equal(["There is no command 'rang' here. Did you mean 'range'? Try: bubblesync help --help"], TypedLine.Faults("help sync rang"));
        Assert.Empty(TypedLine.Faults("help"));
        Assert.Equal("[<COMMAND>...]", HelpTopic.Of(TypedLine.Root.Subcommands.Single(c => c.Name == "help")).Arguments[0].Name);
    }

    private static string[] Print(System.CommandLine.Command command, int width)
    {
        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = AnsiSupport.No });
        console.Profile.Width = width;
        HelpText.Print(HelpTopic.Of(command), console);
        return [.. writer.ToString().Split('\n').Select(l => l.TrimEnd('\r'))];
    }

    private static IEnumerable<string> Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
