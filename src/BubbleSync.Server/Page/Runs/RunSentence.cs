using BubbleSync.Etl.Reports;
using BubbleSync.Server.Page.Parts;

namespace BubbleSync.Server.Page.Runs;

/// <summary>Says in plain words what a run did.</summary>
internal static class RunSentence
{
    /// <summary>Returns the sentences.</summary>
    public static string Of(RunReport run)
    {
        if (run is { Status: RunStatus.Running, Died: false })
            return "The run is under way in another program.";

        var (inserted, updated, rejected) = (run.Entities.Sum(e => e.Inserted), run.Entities.Sum(e => e.Updated), run.Entities.Sum(e => e.Rejected));
        var read = $"It read {Show.Count(run.Read ?? run.Entities.Sum(e => e.Extracted), "record")} with {Show.Count(run.Api.Calls, "call")}";
        var wrote = run.Kind is RunKind.Verify or RunKind.AuditValues or RunKind.AuditFields
            ? "and changed no row"
            : $"{(run.DryRun ? "and would have added" : "added")} {Show.Count(inserted, "row")} and changed {Show.Count(updated, "row")}";
        var left = rejected == 0 ? "" : $" {Show.Count(rejected, "record")} {(rejected == 1 ? "was" : "were")} rejected.";
        return $"{read}, {wrote}.{left}{(run.Conclusion is { } conclusion ? $" Result: {conclusion}." : "")}";
    }
}
