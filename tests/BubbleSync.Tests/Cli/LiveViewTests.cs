using System.Text.RegularExpressions;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>Progress in a real terminal, which <c>script</c> of util-linux provides.</summary>
public sealed partial class LiveViewTests
{
    [Theory]
    [InlineData(110, "━", "2,800/2,800", "")]
    [InlineData(70, " invoice_item   ", "2,800/2,800", "━")]
    [InlineData(40, " invoice_item       100 %  done", " seda_registration  100 %  done", "2,800/2,800")]
    public async Task A_terminal_shows_each_entity_in_a_line_that_fits(int columns, string shown, string shownToo, string left)
    {
        var screen = await WatchAsync(columns);

        var drawing = screen[..screen.LastIndexOf("pages waiting", StringComparison.Ordinal)];
        drawing = drawing[drawing.LastIndexOf(" agent ", StringComparison.Ordinal)..];
        Assert.Contains(shown, drawing, StringComparison.Ordinal);
        Assert.Contains(shownToo, drawing, StringComparison.Ordinal);
        Assert.True(left.Length == 0 || !drawing.Contains(left, StringComparison.Ordinal), drawing);
        Assert.All(drawing.Split('\n'), line => Assert.True(line.TrimEnd('\r').Length <= columns, line));
        Assert.Contains("resync succeeded: ", screen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Colours_are_left_out_where_nobody_wants_them(bool isPlain)
    {
        var raw = await RunAsync(100, isPlain ? ("NO_COLOR", "1") : ("NO_COLOR", null));

        Assert.Contains("\u001b[?25l", raw, StringComparison.Ordinal);
        Assert.Equal(!isPlain, Colour().IsMatch(raw));
        Assert.True(raw.LastIndexOf("\u001b[?25h", StringComparison.Ordinal) > raw.LastIndexOf("\u001b[?25l", StringComparison.Ordinal), "the cursor is not shown again");
    }

    private static async Task<string> WatchAsync(int columns) => Control().Replace(await RunAsync(columns), "");

    private static async Task<string> RunAsync(int columns, params (string, string?)[] environment)
    {
        var folder = Directory.CreateTempSubdirectory("bubblesync-live-").FullName;
        try
        {
            var program = $"stty cols {columns} rows 40; exec dotnet '{Path.Combine(AppContext.BaseDirectory, "bubblesync.dll")}' demo --invoices 800";
            var outcome = await ChildProcess.RunAsync(folder, "script", ["-qec", program, "/dev/null"], [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("SHELL", "/bin/sh"), ("CI", null), .. environment]);
            Assert.Equal(0, outcome.Code);
            return outcome.Output;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [GeneratedRegex(@"\x1b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Control();

    [GeneratedRegex(@"\x1b\[[0-9;]*(3[0-7]|38;5;[0-9]+|9[0-7])m")]
    private static partial Regex Colour();
}
