using BubbleSync.Cli.Output;
using Spectre.Console;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>Tables show what is in them, whatever it looks like.</summary>
public sealed class ReportTableTests
{
    [Fact]
    public void Brackets_are_no_markup_and_numbers_stand_to_the_right()
    {
        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = AnsiSupport.No });
        var table = new ReportTable().Words("entity").Numbers("records", "parts").Words("complete");

        table.Row("a [b", 1234567L, 0.25m, "[/]");
        table.Print(console);

        Assert.Contains("a [b     1,234,567     0.3   [/]", writer.ToString(), StringComparison.Ordinal);
    }
}
