using BubbleSync.Etl;

namespace BubbleSync.Cli.Output;

/// <summary>What to type after a run: for each thing that is not as it should be, the command that mends it or tells more, the gravest first.</summary>
internal static class NextSteps
{
    /// <summary>Gives them, each as a line.</summary>
    public static IEnumerable<string> After(RunReport report) =>
        report.DryRun || report.RunId is not { } id ? [] : Steps(report, id.ToString()[..13]).Select(s => $"next: {s.Command}   # {s.Why}");

    private static IEnumerable<(string Command, string Why)> Steps(RunReport report, string run)
    {
        if (report is { Kind: "resync", Status: "failed" or "cancelled" })
            yield return ($"bubblesync resync --resume {run}", "goes on; what is proved is not read again");
        if (Of(report, e => e.Proof is { IsComplete: false, Part: null }) is { Count: > 0 } unproved && report.Status == "partial")
            yield return ($"bubblesync resync {Entities(unproved)}", "reads once more what was not shown to be complete");
        foreach (var patch in report.Patches.Where(p => p.Status == "failed"))
            yield return ($"bubblesync patch {patch.Name}", "once its file is mended");
        if (Of(report, e => e.Rejected > 0) is { Count: > 0 })
        {
            yield return ($"bubblesync runs rejected {run}", "what did not convert, and why");
            yield return ($"bubblesync runs reprocess {run}", "loads it without asking Bubble again, once map or column are mended");
        }

        if (Of(report, e => e.Conflicts > 0) is { Count: > 0 } conflicts)
        {
            yield return ($"bubblesync runs log {run} --level warning", "which rows were edited on both sides and kept");
            if (report.Kind == "resync")
                yield return ($"bubblesync resync {Entities(conflicts)} --force", "takes Bubble's values over them");
        }

        if (Of(report, e => e.MissingLinks > 0) is { Count: > 0 })
            yield return ("bubblesync audit links --ask", "what the links lead to, and the command that fetches it where Bubble has it");
        if (Of(report, e => e.NotInBubble > e.Pruned) is { Count: > 0 } gone && report.Kind == "resync")
            yield return ($"bubblesync resync {Entities(gone)} --prune soft", "marks the rows that Bubble no longer has");
    }

    private static List<string> Of(RunReport report, Func<EntityReport, bool> which) => [.. report.Entities.Where(which).Select(e => e.Name)];

    private static string Entities(IEnumerable<string> names) => string.Join(' ', names.Select(n => $"--entity {n}"));
}
