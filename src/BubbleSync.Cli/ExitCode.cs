using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;

namespace BubbleSync.Cli;

/// <summary>What the program's exit code says.</summary>
internal static class ExitCode
{
    /// <summary>All done.</summary>
    public const int Done = 0;

    /// <summary>Done in part: records rejected, a window not verified, a patch failed.</summary>
    public const int Partial = 1;

    /// <summary>Wrong settings or usage.</summary>
    public const int Usage = 2;

    /// <summary>Stopped: source or target unreachable or refusing, or a check failed; nothing half-applied.</summary>
    public const int Stopped = 3;

    /// <summary>Interrupted.</summary>
    public const int Interrupted = 130;

    /// <summary>The code of a command that ended before there was a run.</summary>
    public static int Of(SyncException failure) =>
        failure.Errors[0].Code == ErrorCode.Cancelled ? Interrupted : failure.IsUsage ? Usage : Stopped;

    /// <summary>The code for a report with its own success flag. A run that reached its end without doing anything was not stopped.</summary>
    public static int Of(RunReport report, bool success) =>
        !success && report is { Status: RunStatus.Succeeded } or { Status: RunStatus.Failed, Failure: null } ? Partial : Of(report);

    /// <summary>The code of a run.</summary>
    public static int Of(RunReport report) => report.Status switch
    {
        RunStatus.Succeeded => Done,
        RunStatus.Partial => Partial,
        RunStatus.Cancelled => Interrupted,
        _ => report.Errors.Count > 0 && report.Errors[0].Stage == SyncStage.Settings ? Usage : Stopped,
    };
}
