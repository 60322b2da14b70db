using System.Text.Json.Nodes;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Cli.Output;

/// <summary>Reports a command that stopped: lines on stderr; with JSON, a report on stdout as well.</summary>
internal static class Failure
{
    /// <summary>Prints it; returns the code.</summary>
    /// <param name="command">The command, as the report names it.</param>
    /// <param name="errors">Why it stopped.</param>
    /// <param name="next">What to type next.</param>
    /// <param name="code">The exit code.</param>
    /// <param name="isJson">Whether stdout gets a report.</param>
    public static int Print(string command, IReadOnlyList<SyncError> errors, NextSteps next, int code, bool isJson)
    {
        foreach (var error in errors)
            Console.Error.WriteLine($"error: {next.Text(error)}");
        if (isJson)
        {
            var now = TimeProvider.System.GetUtcNow();
            var status = code == ExitCode.Interrupted ? RunStatus.Cancelled : RunStatus.Failed;
            var report = new RunReport { RunId = null, Kind = RunKind.Other, Status = status, StartedAt = now, FinishedAt = now, Errors = errors };
            Console.Out.WriteLine(Named(report, command));
        }

        return code;
    }

    // The form of a run's report, for any command.
    private static string Named(RunReport report, string command)
    {
        var document = JsonNode.Parse(report.ToJson())!.AsObject();
        document["kind"] = command;
        return ReportJson.Write(document);
    }
}
