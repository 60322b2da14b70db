using BubbleSync.Cli.Output;
using Spectre.Console;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>Tables in terminals of any width: whole names, and what matters least goes first.</summary>
public sealed class NarrowTableTests
{
    private const string Id = "01a2032f-5b4e-7d61-8f7e-5f0a3c3c7a11";

    [Theory]
    [InlineData(100, "run", "kind", "status", "started", "rows", "links", "missing")]
    [InlineData(80, "run", "kind", "status", "started", "rows")]
    [InlineData(60, "run", "kind", "status", "rows")]
    public void A_narrow_terminal_shows_what_is_needed_most_and_breaks_no_id(int width, params string[] heads)
    {
        var lines = Print(width);

        Assert.Equal(heads.Order(StringComparer.Ordinal), Heads(lines).Order(StringComparer.Ordinal));
        Assert.All(lines, l => Assert.True(l.TrimEnd().Length <= width, l));
        Assert.Single(lines, l => l.Contains(width < 120 ? Id[..13] + "   resync" : Id, StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("succeeded", StringComparison.Ordinal));
    }

    [Fact]
    public void A_pipe_gets_all_of_it()
    {
        var lines = Print(1000);

        Assert.Contains(lines, l => l.Contains(Id, StringComparison.Ordinal) && l.Contains("10 records differ", StringComparison.Ordinal));
    }

    private static string[] Heads(IEnumerable<string> lines) =>
        [.. lines.TakeWhile(l => !l.Contains('─', StringComparison.Ordinal)).SelectMany(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    private static string[] Print(int width)
    {
        var table = new ReportTable()
            .Words("run", "kind", "status", "started").Numbers("rows", "missing links").Prose("status").Shorten("run", 13).Spare("missing links", "started");
        table.Row(Id, "resync", "succeeded: 10 records differ", "2026-05-05 12:00:00Z", 1000, 0);
        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = AnsiSupport.No });
        console.Profile.Width = width;
        table.Print(console);
        return [.. writer.ToString().Split('\n').Where(l => l.Trim().Length > 0)];
    }
}
