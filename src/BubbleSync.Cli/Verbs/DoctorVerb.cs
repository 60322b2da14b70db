using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Spectre.Console;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>doctor</c>: what is ok and what is not, before a run.</summary>
internal static class DoctorVerb
{
    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("doctor", "Check settings, token, types, tables, columns, unique keys and rights; print fixes");
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            return context.RunAsync(
                "doctor",
                async engine =>
                {
                    var report = await engine.ExamineAsync(token);
                    context.Print(report.ToJson, console => Print(report, context.Next, console));
                    return report.Success ? ExitCode.Done : ExitCode.Partial;
                },
                token);
        });
        return command;
    }

    private static void Print(DoctorReport report, NextSteps next, IAnsiConsole console)
    {
        foreach (var check in report.Checks)
            RunSummary.Line(console, $"{Word.Of(check.Status),-7} {check.Name}: {next.Text(check.Message, check.Next)}");
    }
}
