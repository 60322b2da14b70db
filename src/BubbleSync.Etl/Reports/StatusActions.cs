namespace BubbleSync.Etl.Reports;

/// <summary>What to do after a status: an action for each kind of finding, the gravest first.</summary>
internal static class StatusActions
{
    // A status names the newest runs; the list of runs has all.
    private const int MostRuns = 3;

    /// <summary>Returns the actions.</summary>
    public static IReadOnlyList<NextAction> After(StatusReport report) => [.. Of(report)];

    private static IEnumerable<NextAction> Of(StatusReport report)
    {
        if (With(report, StatusFindingKind.TableMissing).Count > 0)
            yield return new NextAction(NextActionKind.ApplySchema, "creates the tables that are missing");
        if (With(report, StatusFindingKind.NotCounted, StatusFindingKind.ManyGone).Count > 0)
            yield return new NextAction(NextActionKind.Doctor, "checks address, token and types, and says how to fix each");
        if (With(report, StatusFindingKind.ColumnMissing, StatusFindingKind.FieldUnread).Count > 0)
            yield return new NextAction(NextActionKind.AuditSchema, "lists all fields and columns that do not agree, with what closes the gaps");

        var failed = report.Entities.Where(e => Has(e, StatusFindingKind.RunFailed)).ToList();
        foreach (var run in failed.Where(e => e.LastRun!.Kind == RunKind.Resync).Select(e => e.LastRun!.RunId).Distinct().Take(MostRuns))
            yield return new NextAction(NextActionKind.Resume, "resumes; verified windows are not read again") { RunId = run };

        var unread = report.Entities.Where(e => e.LastRun?.Kind != RunKind.Resync || !Has(e, StatusFindingKind.RunFailed))
            .Where(e => Has(e, StatusFindingKind.NeverRead) || Has(e, StatusFindingKind.Unverified)).Select(e => e.Name).ToList();
        if (unread.Count > 0)
            yield return new NextAction(NextActionKind.ResyncEntities, "reads everything") { Entities = IsAll(unread, report) ? [] : unread };
        if (With(report, StatusFindingKind.OlderInBubble) is { Count: > 0 } restored)
            yield return new NextAction(NextActionKind.ForceResync, "takes Bubble's values, which are older than those here") { Entities = restored };
        foreach (var finding in report.Findings.Where(f => f.Patch is not null))
            yield return new NextAction(NextActionKind.FixPatch, "once its file is fixed") { PatchName = finding.Patch };

        foreach (var run in report.Entities.Where(e => e.Rejected > 0).Select(e => e.RejectedBy).Distinct().Take(MostRuns))
        {
            yield return new NextAction(NextActionKind.ShowRejects, "what did not convert, and why") { RunId = run };
            yield return new NextAction(NextActionKind.Reprocess, "loads it without asking Bubble again, once map or column are fixed") { RunId = run };
        }

        foreach (var run in report.Entities.Where(e => e.Conflicts > 0).Select(e => e.KeptBy).Distinct().Take(MostRuns))
            yield return new NextAction(NextActionKind.ShowConflicts, "which rows were edited on both sides and kept") { RunId = run };
        var outdated = With(report, StatusFindingKind.Outdated);
        if (outdated.Except(With(report, StatusFindingKind.OlderInBubble)).ToList() is { Count: > 0 } rewritten)
            yield return new NextAction(NextActionKind.ForceResync, NextActions.WriteAnew) { Entities = rewritten };
        if (With(report, StatusFindingKind.NotCleared, StatusFindingKind.Differs) is { Count: > 0 } compared)
            yield return new NextAction(NextActionKind.Verify, "lists what differs, with the command that removes it") { Entities = compared };
        if (With(report, StatusFindingKind.Unfilled).Except(outdated).ToList() is { Count: > 0 } unfilled)
            yield return new NextAction(NextActionKind.Backfill, "fills what rows lack since the map changed, and writes nothing else") { Entities = unfilled };
        var behind = report.Entities.Where(e => e.Watermark is not null && (Has(e, StatusFindingKind.Stale) || Has(e, StatusFindingKind.CountsDiffer)))
            .Concat(failed.Where(e => e.LastRun!.Kind == RunKind.Incremental)).Select(e => e.Name).Distinct().ToList();
        if (behind.Count > 0)
        {
            yield return new NextAction(NextActionKind.SyncChanges, "reads what changed, and finds by counts what is missing")
            {
                Entities = IsAll(behind, report) ? [] : behind,
            };
        }

        if (With(report, StatusFindingKind.NotInBubble) is { Count: > 0 } gone)
            yield return new NextAction(NextActionKind.SyncIncremental, "marks the rows that Bubble no longer has") { Entities = gone };
        if (report.Entities.Any(e => e.MissingLinks > 0))
            yield return new NextAction(NextActionKind.AuditLinks, "shows the missing targets, and the command that loads those that Bubble has");
    }

    private static bool IsAll(List<string> entities, StatusReport report) => !report.IsPart && entities.Count == report.Entities.Count;

    private static bool Has(EntityStatus entity, StatusFindingKind kind) => entity.Findings.Any(f => f.Finding == kind);

    private static List<string> With(StatusReport report, params StatusFindingKind[] kinds) =>
        [.. report.Entities.Where(e => e.Findings.Any(f => kinds.Contains(f.Finding))).Select(e => e.Name)];
}
