using BubbleSync.Etl.Reports;

namespace BubbleSync.Cli.Output;

/// <summary>What a command says at the first Ctrl-C: how far it is, what ends first, and what is kept.</summary>
internal static class StopNotice
{
    /// <summary>Of a resync, which ends in good order.</summary>
    public const string Resync = $"{Windows} {Merges} What is verified is kept: 'resync --resume' reads only the rest.";

    /// <summary>Of a dry run of a resync.</summary>
    public const string DryRun = $"{Windows} All that a dry run did is rolled back, and nothing of it is kept.";

    /// <summary>Of a resync of the newest records, in which there are no windows.</summary>
    public const string FirstLook = $"Reading ends within 10 seconds. {Merges} What was merged stays. The same command begins again.";

    /// <summary>Of the demo.</summary>
    public const string Demo = "No further request is sent. The next demo begins again.";

    /// <summary>Of a sync of a part.</summary>
    public const string Sync = "No further request is sent. What was merged stays, and nothing is half merged. The same command does the rest.";

    /// <summary>Of a comparison.</summary>
    public const string Comparison = "No further request is sent. The comparison is cut short; no row was changed.";

    private const string Windows = "The run ends the windows that it is reading, within 10 seconds. It begins no other.";

    private const string Merges = "A merge under way is finished, and after the last one links, pruning and patches, however long that takes.";

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
