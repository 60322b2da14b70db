using System.Text.RegularExpressions;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>Progress in a real terminal, which <c>script</c> of util-linux provides.</summary>
public sealed partial class LiveViewTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData(110, null, "━", "140/140", "%")]
    [InlineData(70, "1", " invoice_item   ", "140/140", "━")]
    [InlineData(40, null, " invoice_item       100 %  done", " seda_registration  100 %  done", "140/140")]
    public async Task A_terminal_shows_each_entity_in_a_line_that_fits(int columns, string? noColour, string shown, string shownToo, string left)
    {
        var raw = await RunAsync(columns, noColour);

        var screen = Control().Replace(raw, "");
        var drawing = screen[..screen.LastIndexOf("pages waiting", StringComparison.Ordinal)];
        drawing = drawing[drawing.LastIndexOf(" agent ", StringComparison.Ordinal)..];
        Assert.Contains(shown, drawing, StringComparison.Ordinal);
        Assert.Contains(shownToo, drawing, StringComparison.Ordinal);
        Assert.DoesNotContain(left, drawing, StringComparison.Ordinal);
        Assert.All(drawing.Split('\n'), line => Assert.True(line.TrimEnd('\r').Length <= columns, line));
        Assert.Contains("resync succeeded: ", screen, StringComparison.Ordinal);
        Assert.Equal(noColour is null, Colour().IsMatch(raw));
        Assert.InRange(raw.LastIndexOf("\u001b[?25l", StringComparison.Ordinal), 0, raw.LastIndexOf("\u001b[?25h", StringComparison.Ordinal));
    }

    private async Task<string> RunAsync(int columns, string? noColour)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 40 });
        var program = $"stty cols {columns} rows 40; exec dotnet '{TestedProgram.Path}' resync";
        var outcome = await ChildProcess.RunAsync(
            Path.GetTempPath(), "script", ["-qec", program, "/dev/null"],
            ("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("SHELL", "/bin/sh"), ("CI", null), ("NO_COLOR", noColour),
            ("BUBBLESYNC_CONFIG", Path.Combine(Repository.Root, "config", "bubblesync.json")),
            ("BUBBLESYNC_Bubble__BaseUrl", fixture.Bubble.BaseUrl.ToString()),
            ("BUBBLESYNC_Bubble__ApiToken", new SimulatorOptions().Token), ("BUBBLESYNC_Bubble__RequestsPerMinute", "1000000"),
            ("BUBBLESYNC_Postgres__ConnectionString", fixture.Connection));
        Assert.Equal(0, outcome.Code);
        return outcome.Output;
    }

    [GeneratedRegex(@"\x1b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Control();

    [GeneratedRegex(@"\x1b\[[0-9;]*(3[0-7]|38;5;[0-9]+|9[0-7])m")]
    private static partial Regex Colour();
}
