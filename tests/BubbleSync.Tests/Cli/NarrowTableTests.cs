using BubbleSync.Cli.Output;
using Spectre.Console;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>Tables in terminals of any width: whole names, and nothing is left out.</summary>
public sealed class NarrowTableTests
{
    private const string Id = "01a2032f-5b4e-7d61-8f7e-5f0a3c3c7a11";

    [Theory]
    [InlineData(80)]
    [InlineData(60)]
    [InlineData(30)]
    public void A_narrow_terminal_shows_lists_that_leave_nothing_out_and_break_no_word(int width)
    {
        var lines = Print(width);

        Assert.Equal(Id[..13], lines[0].Trim());
        Assert.Equal(
            "kind resync, status succeeded: 10 records differ, started 2026-05-05 12:00:00Z, rows 1,000, missing links 0",
            string.Join(' ', lines.Skip(1).Select(l => l.Trim())));
        Assert.All(lines.Where(l => !l.Contains("differ", StringComparison.Ordinal)), l => Assert.True(l.TrimEnd().Length <= width, l));
    }

    [Fact]
    public void A_terminal_that_is_wide_enough_shows_a_table_with_shortened_ids()
    {
        var lines = Print(110);

        Assert.Equal(["kind", "links", "missing", "rows", "run", "started", "status"], Heads(lines).Order(StringComparer.Ordinal));
        Assert.All(lines, l => Assert.True(l.TrimEnd().Length <= 110, l));
        Assert.Single(lines, l => l.Contains(Id[..13] + "   resync", StringComparison.Ordinal));
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
            .Words("run", "kind", "status", "started").Numbers("rows", "missing links").Prose("status").Shorten("run", 13);
        table.Row(Id, "resync", "succeeded: 10 records differ", "2026-05-05 12:00:00Z", 1000, 0);
        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = AnsiSupport.No });
        console.Profile.Width = width;
        table.Print(console);
        return [.. writer.ToString().Split('\n').Where(l => l.Trim().Length > 0)];
    }
}
