using System.CommandLine;
using BubbleSync.Cli.Output;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>doctor</c>: what is well and what is not, before a run.</summary>
internal static class DoctorVerb
{
    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("doctor", "Check settings, token, types, tables, columns, unique keys and rights; say how to mend each");
        command.SetAction((parsed, token) =>
        {
            var session = new Session(parsed);
            return session.RunAsync(
                "doctor",
                async engine =>
                {
                    var report = await engine.ExamineAsync(token);
                    if (session.IsJson)
                    {
                        Console.Out.WriteLine(report.ToJson());
                    }
                    else
                    {
                        foreach (var check in report.Checks)
                            RunSummary.Line(Terminal.Out, $"{check.Status,-7} {check.Name}: {check.Message}");
                    }

                    return report.Success ? ExitCode.Done : ExitCode.Partial;
                },
                token);
        });
        return command;
    }
}
