using BubbleSync.Etl.Reports;

namespace BubbleSync.Cli.Output;

/// <summary>What a command says at the first Ctrl-C: how far it is, what ends first, and what is kept.</summary>
internal static class StopNotice
{
    /// <summary>Of a resync, which ends in good order.</summary>
    public const string Resync = "Windows and merges under way are ended first, for 10 seconds at most; no other begins. What is verified is kept: "
        + "'resync --resume' reads only the rest.";

    /// <summary>Of a sync of a part.</summary>
    public const string Sync = "No further request is sent. What was merged stays, and nothing is half merged. The same command does the rest.";

    /// <summary>Of a comparison.</summary>
    public const string Comparison = "No further request is sent. The comparison is cut short; no row was changed.";

    /// <summary>Returns the line.</summary>
    /// <param name="last">The progress so far; null if there is none yet.</param>
    /// <param name="ending">What the command does.</param>
    public static string Of(RunProgress? last, string ending) =>
        $"Stopping: {(last is null ? "nothing is read yet" : ProgressText.Read(last))}. {ending} Ctrl-C once more ends the program at once.";
}

/// <summary>Keeps the last progress, and passes it on.</summary>
internal sealed class LastProgress : IProgress<RunProgress>
{
    /// <summary>The last progress; null if there is none yet.</summary>
    public RunProgress? Last { get; private set; }

    /// <summary>What else receives it; null for nothing.</summary>
    public IProgress<RunProgress>? Next { get; set; }

    /// <inheritdoc/>
    public void Report(RunProgress value)
    {
        Last = value;
        Next?.Report(value);
    }
}
