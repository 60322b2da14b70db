using BubbleSync.Etl;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Cli.Output;

/// <summary>Reports a command that stopped: lines on stderr; with JSON, a report on stdout as well.</summary>
internal static class Failure
{
    /// <summary>Prints it; gives the exit code.</summary>
    public static int Print(string kind, IReadOnlyList<SyncError> errors, int code, bool isJson)
    {
        foreach (var error in errors)
            Console.Error.WriteLine($"error: {error.Message}");
        if (isJson)
        {
            var now = TimeProvider.System.GetUtcNow();
            Console.Out.WriteLine(new RunReport { RunId = null, Kind = kind, Status = code == ExitCode.Interrupted ? "cancelled" : "failed", StartedAt = now, FinishedAt = now, Errors = errors }.ToJson());
        }

        return code;
    }
}
