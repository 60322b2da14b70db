using BubbleSync.Cli.Output;
using Spectre.Console.Rendering;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>Lines in a terminal: broken between words only, and a broken command still runs.</summary>
public sealed class WordWrapTests
{
    private static string GoesOn => OperatingSystem.IsWindows() ? " `" : " \\";

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
    public void A_word_in_quotes_is_not_broken_in_a_command() => Assert.Equal(
        $"next: bubblesync doctor{GoesOn}|  --config{GoesOn}|  \"a folder/b.json\"{GoesOn}|  --schema x   # \"checks|  # all\"",
        WordWrap.Of("next: bubblesync doctor --config \"a folder/b.json\" --schema x   # \"checks all\"", 26).Replace('\n', '|'));

    [Theory]
    [InlineData("grant usage on schema bubblesync to app; grant select on t to app", "grant usage on schema|  bubblesync to app;|  grant select on t to|  app")]
    [InlineData("type bubblesync demo; then look at the tables", "type bubblesync demo;|  then look at the tables")]
    [InlineData("the schema bubblesync", "the schema bubblesync")]
    public void What_is_no_command_gets_no_sign_at_the_end_of_a_line(string line, string lines) =>
        Assert.Equal(lines, WordWrap.Of(line, 25).Replace('\n', '|'));

    [Theory]
    [InlineData(24, "Stopping: 1 record is\n  read. It begins no\n  other.\n")]
    [InlineData(1000, "Stopping: 1 record is read. It begins no other.\n")]
    public void A_notice_above_the_progress_is_broken_between_words_in_a_terminal_only(int width, string text)
    {
        var notice = new Notice("Stopping: 1 record is read. It begins no other.").Render(RenderOptions.Create(Terminal.Error), width);

        Assert.Equal(text, string.Concat(notice.Where(s => !s.IsControlCode).Select(s => s.Text)).ReplaceLineEndings("\n"));
    }

    [Fact]
    public void A_pipe_gets_a_message_in_one_line()
    {
        var line = new string('x', 50) + ' ' + new string('y', 2000);

        Assert.Equal(line, WordWrap.Of(line, null));
    }
}
