using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Reports.Mirror;

/// <summary>Describes a run in plain words.</summary>
internal static class RunText
{
    /// <summary>Returns its status, with what the status alone does not say.</summary>
    public static string Status(RunReport run) =>
        Status(run.Status, run.Died, run.DryRun) + (run.Conclusion is { } conclusion ? $": {conclusion}" : "");

    /// <summary>Returns its status, with what the status alone does not say.</summary>
    public static string Status(RunPoint run) => Status(run.Status, run.Died, run.DryRun);

    /// <summary>Returns what it did and how it ended.</summary>
    public static string Sentence(MirrorFacts facts)
    {
        var run = facts.Report.Run;
        var ended = run.Status switch
        {
            _ when run.Died => "ended unexpectedly",
            RunStatus.Running => "has not ended yet",
            // The result of a comparison says whether all is well.
            RunStatus.Succeeded => run.Conclusion is null ? "ended well" : "ended",
            RunStatus.Partial => "ended, but not everything was done",
            RunStatus.Cancelled => "was interrupted",
            _ => "failed",
        };
        var (extracted, inserted, updated) = (run.Entities.Sum(e => e.Extracted), run.Entities.Sum(e => e.Inserted), run.Entities.Sum(e => e.Updated));
        var read = Invariant($"It read {Count(run.Read ?? extracted, "record")} with {Count(run.Api.Calls, "call")}");
        var wrote = run.Kind is RunKind.Verify or RunKind.AuditValues ? "and changed no row"
            : run.DryRun ? Invariant($"and would have inserted {Count(inserted, "row")} and updated {Count(updated, "row")}; nothing was changed")
            : Invariant($"inserted {Count(inserted, "row")} and updated {Count(updated, "row")}");
        return $"The run ({Word.Of(run.Kind)}) began at {facts.Time.Text(run.StartedAt)} and {ended}. {read}, {wrote}."
            + (run.Conclusion is { } conclusion ? $" Result: {conclusion}." : "");
    }

    /// <summary>Returns which comparison the differences are from.</summary>
    public static string Comparison(MirrorFacts facts) => facts.Comparison is not { } run
        ? "No comparison of Bubble with these tables has ended yet, so that differences are not known."
        : $"From the comparison of {facts.Time.Text(run.StartedAt)}, run {run.RunId}: {run.Conclusion ?? Status(run)}.";

    /// <summary>Returns a number with its noun.</summary>
    public static string Count(long number, string noun) => Invariant($"{number:N0} {noun}{(number == 1 ? "" : "s")}");

    private static string Status(RunStatus status, bool died, bool isDry) => (died ? "died" : Word.Of(status)) + (isDry ? " (dry run)" : "");
}
