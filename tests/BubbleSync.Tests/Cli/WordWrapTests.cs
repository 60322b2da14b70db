using BubbleSync.Cli.Output;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>Lines in a terminal: broken between words only, and a broken command still runs.</summary>
public sealed class WordWrapTests
{
    [Theory]
    [InlineData("warning: a field that no map names", "warning: a field that no|  map names")]
    [InlineData("file: /a/path/that/is/wider/than/the/terminal ok", "file:|  /a/path/that/is/wider/than/the/terminal|  ok")]
    [InlineData("  type  text and a value of it", "  type  text and a value|  of it")]
    [InlineData("one\ntwo words and many more of them", "one|two words and many more|  of them")]
    public void A_line_is_broken_between_words(string line, string lines) => Assert.Equal(lines, WordWrap.Of(line, 24).Replace('\n', '|'));

    [Fact]
    public void A_command_that_is_broken_runs_when_it_is_copied() => Assert.Equal(
        OperatingSystem.IsWindows()
            ? "next: bubblesync sync `|  incremental --entity `|  customer   # reads|  # what changed"
            : "next: bubblesync sync \\|  incremental --entity \\|  customer   # reads|  # what changed",
        WordWrap.Of("next: bubblesync sync incremental --entity customer   # reads what changed", 24).Replace('\n', '|'));

    [Fact]
    public void A_pipe_gets_a_message_in_one_line()
    {
        var line = new string('x', 50) + ' ' + new string('y', 2000);

        Assert.Equal(line, WordWrap.Of(line, null));
    }
}
