using BubbleSync.Cli;
using BubbleSync.Cli.Output;
using BubbleSync.Cli.Verbs;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Spectre.Console;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>What a command says when it is asked to stop, and after it has stopped.</summary>
public sealed class StopNoticeTests
{
    [Theory]
    [InlineData("resync", "'resync --resume' reads only the rest.", "is rolled back")]
    [InlineData("resync --dry-run --limit 5", "is rolled back, and nothing of it is kept.", "--resume")]
    [InlineData("resync --limit 5", "The same command begins again.", "--resume")]
    public void A_resync_names_the_way_on_that_fits_its_options(string line, string expected, string never)
    {
        var ending = ResyncVerb.Ending(TypedLine.Root.Parse(line));

        Assert.EndsWith(expected, ending, StringComparison.Ordinal);
        Assert.DoesNotContain(never, ending, StringComparison.Ordinal);
        Assert.Contains("within 10 seconds", ending, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "resync cancelled (dry run: nothing was changed): 7 records read, 0 merged in ")]
    [InlineData(false, "resync cancelled: 7 records read, 0 merged in ")]
    public void The_last_line_of_a_stopped_run_says_whether_it_was_a_dry_run(bool isDry, string expected)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = 1000;
        var report = new RunReport
        {
            RunId = Guid.Empty,
            Kind = RunKind.Resync,
            Status = RunStatus.Cancelled,
            DryRun = isDry,
            StartedAt = DateTimeOffset.UnixEpoch,
            FinishedAt = DateTimeOffset.UnixEpoch,
            Read = 7,
            Entities = [new EntityReport { Name = "agent", Level = 0 }],
        };

        RunSummary.Close(report, next: null, console);

        Assert.StartsWith(expected, text.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("next:", text.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ErrorCode.Cancelled, 130)]
    [InlineData(ErrorCode.Failed, 3)]
    public void What_is_stopped_before_there_is_a_run_ends_with_130(ErrorCode code, int expected) =>
        Assert.Equal(expected, ExitCode.Of(new SyncException(new SyncError(SyncStage.Extract, null, null, null, code, "It ended."))));
}
