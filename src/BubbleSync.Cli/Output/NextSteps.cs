using BubbleSync.Etl;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Cli.Output;

/// <summary>What to type after a run: for each thing that is not as it should be, the command that fixes it or tells more, the gravest first.</summary>
internal static class NextSteps
{
    /// <summary>So much of a run's id is enough to name it.</summary>
    public const int IdLength = 13;

    // What the app's settings, or a server before it, refuse.
    private static readonly ErrorCode[] OfAccess =
    [
        ErrorCode.TokenRefused, ErrorCode.ConstraintIgnored, ErrorCode.SourceForbidden, ErrorCode.SourceMoved, ErrorCode.TypeNotExposed,
    ];

    /// <summary>Gives them, each as a line; none while it runs.</summary>
    public static IEnumerable<string> After(RunReport report) =>
        report.DryRun || report.Status == RunStatus.Running || report.RunId is not { } id ? [] : Steps(report, id.ToString()[..IdLength]).Select(s => $"next: {s.Command}   # {s.Why}");

    /// <summary>Gives what fixes differences, each as a line.</summary>
    public static IEnumerable<string> After(VerifyReport report)
    {
        if (Of(report, e => e.Missing + e.Older > 0) is { Count: > 0 } behind)
            yield return $"next: bubblesync resync {Entities(behind)}   # loads what is missing, updates what is older";
        if (Of(report, e => e.Differs - e.AbsentKeptOnly + e.Newer > 0) is { Count: > 0 } other)
            yield return $"next: bubblesync resync {Entities(other)} --force   # takes Bubble's values over what differs or is newer here";
        if (report.RunId is { } id && Of(report, e => e.Rejected > 0) is { Count: > 0 })
            yield return $"next: bubblesync runs rejected {id.ToString()[..IdLength]}   # what did not convert, and why";
        if (Of(report, e => e.Extra > 0 && !IsLostRight(e)) is { Count: > 0 } gone)
            yield return $"next: bubblesync resync {Entities(gone)} --prune soft   # marks the rows that Bubble no longer has";
    }

    /// <summary>Gives what fills columns that <c>audit schema</c> has added or mapped, each as a line: rows that are not newer in Bubble are touched by nothing else.</summary>
    public static IEnumerable<string> After(SchemaAuditReport report)
    {
        var added = report.Findings.Where(f => report.Applied > 0 ? f.Finding == SchemaFindingKind.ColumnMissing || (f.Finding == SchemaFindingKind.FieldUnmapped && report.WrittenMaps.Count > 0) : f.Finding == SchemaFindingKind.FieldUnmapped && report.WrittenMaps.Count > 0);
        var entities = added.Select(f => f.Entity).Distinct().ToList();
        if (entities.Count == 0)
            yield break;

        if (report.Applied == 0)
            yield return "next: bubblesync audit schema --apply   # adds the columns that the new lines write";
        yield return "Rows that are there already stay empty in these columns until their records change in Bubble. To fill them all:";
        yield return $"next: bubblesync resync {Entities(entities)} --force   # takes Bubble's values everywhere, over rows that were edited here too";
    }

    private static IEnumerable<(string Command, string Why)> Steps(RunReport report, string run)
    {
        // The same run again would be refused again.
        if (report.Errors.Any(e => OfAccess.Contains(e.Code)))
            yield return ("bubblesync doctor", "checks address, token and types, and says how to fix each");
        if (report is { Kind: RunKind.Resync, Status: RunStatus.Failed or RunStatus.Cancelled })
            yield return ($"bubblesync resync --resume {run}", "goes on; what is proved is not read again");
        if (Of(report, e => e.Proof is { IsComplete: false, Part: null }) is { Count: > 0 } unproved && report.Status == RunStatus.Partial)
            yield return ($"bubblesync resync {Entities(unproved)}", "reads once more what was not shown to be complete");
        foreach (var patch in report.Patches.Where(p => p.Status == PatchStatus.Failed))
            yield return ($"bubblesync patch {patch.Name}", "once its file is fixed");
        if (Of(report, e => e.Rejected > 0) is { Count: > 0 })
        {
            yield return ($"bubblesync runs rejected {run}", "what did not convert, and why");
            yield return ($"bubblesync runs reprocess {run}", "loads it without asking Bubble again, once map or column are fixed");
        }

        if (Of(report, e => e.Conflicts > 0) is { Count: > 0 } conflicts)
        {
            yield return ($"bubblesync runs log {run} --level warning", "which rows were edited on both sides and kept");
            if (report.Kind == RunKind.Resync)
                yield return ($"bubblesync resync {Entities(conflicts)} --force", "takes Bubble's values over them");
        }

        if (Of(report, e => e.MissingLinks > 0) is { Count: > 0 })
            yield return ("bubblesync audit links --ask", "what the links lead to, and the command that fetches it where Bubble has it");
        // A lost right looks the same: no prune is proposed then.
        var refused = report.Errors.Where(e => e.Code is ErrorCode.PruneRefused or ErrorCode.TooManyGone).Select(e => e.Entity).ToHashSet();
        if (Of(report, e => e.NotInBubble > e.Pruned && !refused.Contains(e.Name)) is { Count: > 0 } gone && report.Kind == RunKind.Resync)
            yield return ($"bubblesync resync {Entities(gone)} --prune soft", "marks the rows that Bubble no longer has");
    }

    // The default limit of a resync: more than a fifth of the rows count as hidden, not as deleted.
    private static bool IsLostRight(VerifiedEntity entity) => entity.Extra * 5 > entity.Extra + entity.Compared - entity.Missing;

    private static List<string> Of(RunReport report, Func<EntityReport, bool> which) => [.. report.Entities.Where(which).Select(e => e.Name)];

    private static List<string> Of(VerifyReport report, Func<VerifiedEntity, bool> which) => [.. report.Entities.Where(which).Select(e => e.Name)];

    private static string Entities(IEnumerable<string> names) => string.Join(' ', names.Select(n => $"--entity {n}"));
}
