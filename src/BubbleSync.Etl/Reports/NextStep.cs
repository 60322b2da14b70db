using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Reports;

/// <summary>What finishes a run that had to stop, as errors say it after "To finish,".</summary>
internal static class NextStep
{
    /// <summary>For a run that goes on where it stopped.</summary>
    public const string Resume = "resume the run";

    /// <summary>For all others.</summary>
    public const string Again = "run the same command again";

    /// <summary>For a resync with these options.</summary>
    public static string Of(ResyncOptions options) => options.DryRun ? Again : Resume;
}
