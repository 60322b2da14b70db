using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Reports;

/// <summary>What to do after a report: an action for each thing that is not as it should be, the gravest first.</summary>
internal static class NextActions
{
    // Refusals by the app's settings or a server in front of it: the same run would be refused again.
    private static readonly ErrorCode[] OfAccess =
    [
        ErrorCode.TokenRefused, ErrorCode.ConstraintIgnored, ErrorCode.NotAsAsked, ErrorCode.SourceForbidden, ErrorCode.SourceMoved, ErrorCode.TypeNotExposed,
    ];

    /// <summary>Why a forced resync writes what rows have from another line of the map.</summary>
    public const string WriteAnew = "writes all values by the map as it is";

    private const int MostIds = 50;

    // More types than these are scaffolded all at once.
    private const int MostTypes = 5;

    /// <summary>Returns the actions after a run; none while it runs, or where nothing of it was kept.</summary>
    public static IReadOnlyList<NextAction> After(RunReport report) =>
        report.DryRun || report is { Status: RunStatus.Running, Died: false } || report.RunId is not { } id ? [] : [.. OfRun(report, id)];

    /// <summary>Returns the actions that remove differences.</summary>
    public static IReadOnlyList<NextAction> After(VerifyReport report) => [.. OfVerify(report)];

    /// <summary>Returns what closes the gaps that an audit of the schema found.</summary>
    public static IReadOnlyList<NextAction> After(SchemaAuditReport report) => [.. OfGaps(report), .. OfColumns(report)];

    /// <summary>
    /// Returns what fetches the targets that Bubble still has, each action at most fifty; or an action that asks Bubble, if Bubble was not asked.
    /// </summary>
    public static IReadOnlyList<NextAction> After(LinkAuditReport report) =>
        report.Links.Count > 0 && report.Warnings.Count == 0 && report.Columns.All(c => c.InBubble is null)
            ? [new NextAction(NextActionKind.AuditLinks, "asks Bubble which of the missing targets it has")]
            : [.. report.Links.Select(l => l.Fetch).OfType<NextAction>().GroupBy(f => (f.Kind, string.Join(' ', f.Entities))).SelectMany(Joined)];

    /// <summary>Returns what shows the lines that the maps lack.</summary>
    public static IReadOnlyList<NextAction> After(FieldAuditReport report) =>
        report.Rows.Any(r => r is { Status: FieldStatus.Unmapped, IsKept: false, Ignored: false })
            ? [new NextAction(NextActionKind.AuditSchema, "shows the line that each unmapped field needs in its map")]
            : [];

    // A command for many records, of a length that every shell takes.
    private static IEnumerable<NextAction> Joined(IEnumerable<NextAction> fetches) =>
        fetches.SelectMany(f => f.BubbleIds.Select(id => (Fetch: f, Id: id))).DistinctBy(f => f.Id).Chunk(MostIds)
            .Select(some => some[0].Fetch with { BubbleIds = [.. some.Select(s => s.Id)] });

    private static IEnumerable<NextAction> OfGaps(SchemaAuditReport report)
    {
        var types = report.Findings.Where(f => f.Finding == SchemaFindingKind.TypeUnmapped).Select(f => f.BubbleType).Distinct().ToList();
        if (types.Count > 0)
        {
            yield return new NextAction(NextActionKind.Scaffold, "writes map and table script of the types that no map names")
            {
                BubbleTypes = types.Count > MostTypes ? [] : types,
            };
        }

        if (report.Applied == 0 && report.Findings.Any(f => f.Finding == SchemaFindingKind.TableMissing))
            yield return new NextAction(NextActionKind.ApplySchema, "creates the tables that are missing");
    }

    // No other sync touches rows that are not newer in Bubble.
    private static IReadOnlyList<NextAction> OfColumns(SchemaAuditReport report)
    {
        var entities = report.Findings.Where(f => IsNew(f.Finding, report)).Select(f => f.Entity).Distinct().ToList();
        if (entities.Count == 0)
            return [];

        var fill = new NextAction(NextActionKind.Backfill, "fills the new columns of the rows that are there, and writes nothing else") { Entities = entities };
        return report.Applied > 0 ? [fill] : [new NextAction(NextActionKind.ApplyAdditions, "adds the columns that the new lines write"), fill];
    }

    private static IEnumerable<NextAction> OfRun(RunReport report, Guid run)
    {
        var refused = Refused(report.Errors);
        if (report.Errors.Any(e => OfAccess.Contains(e.Code)))
            yield return CheckAccess;
        else if (report is { Kind: RunKind.Resync, Status: RunStatus.Failed or RunStatus.Cancelled } or { Kind: RunKind.Resync, Died: true })
            yield return new NextAction(
                NextActionKind.Resume, report.MostRecords is null ? "resumes; verified windows are not read again" : "begins the same first look again")
            {
                RunId = run,
            };
        var older = report.Errors.Where(e => e.Code == ErrorCode.OlderInBubble).Select(e => e.Entity).ToHashSet();
        if (Of(report, e => older.Contains(e.Name)) is { Count: > 0 } restored)
            yield return new NextAction(NextActionKind.ForceResync, "takes Bubble's values, which are older than those here") { Entities = restored };
        var again = refused.Concat(older).ToHashSet();
        if (report.Status == RunStatus.Partial
            && Of(report, e => e.Proof is { IsComplete: false, Part: null } && !again.Contains(e.Name)) is { Count: > 0 } unverified)
            yield return new NextAction(NextActionKind.ResyncEntities, "reads again what was not verified as complete") { Entities = unverified };
        if (Of(report, e => e.MayLackRecords && !again.Contains(e.Name)) is { Count: > 0 } lacking)
            yield return new NextAction(NextActionKind.ResyncEntities, "reads the records that this run left out") { Entities = lacking };
        foreach (var patch in report.Patches.Where(p => p.Status == PatchStatus.Failed))
            yield return new NextAction(NextActionKind.FixPatch, "once its file is fixed") { PatchName = patch.Name };
        if (report.Errors.Any(e => e.Code == ErrorCode.TooManyRejects))
            yield return new NextAction(NextActionKind.ShowRejects, "what did not convert, and why") { RunId = run };
        else if (Of(report, e => e.Rejected > 0).Count > 0)
        {
            yield return new NextAction(NextActionKind.ShowRejects, "what did not convert, and why") { RunId = run };
            // A backfill's rejects are loaded already, so only another backfill fills their columns.
            if (!report.Backfill)
                yield return new NextAction(NextActionKind.Reprocess, "loads it without asking Bubble again, once map or column are fixed") { RunId = run };
        }

        if (Of(report, e => e.Conflicts > 0).Count > 0)
        {
            yield return new NextAction(NextActionKind.ShowConflicts, "which rows were edited on both sides and kept") { RunId = run };
            if (report.Kind is RunKind.Resync or RunKind.Incremental
                && Of(report, e => e is { Conflicts: > 0, Outdated: null } && !again.Contains(e.Name)) is { Count: > 0 } conflicts)
                yield return new NextAction(NextActionKind.ForceResync, "takes Bubble's values over them") { Entities = conflicts };
        }

        if (Of(report, e => e.ClearRefused is { Count: > 0 }) is { Count: > 0 } kept)
            yield return new NextAction(NextActionKind.Verify, "lists the records without the values that were not cleared") { Entities = kept };
        if (Of(report, e => e.Outdated is not null && !again.Contains(e.Name)) is { Count: > 0 } outdated)
            yield return new NextAction(NextActionKind.ForceResync, WriteAnew) { Entities = outdated };
        if (Of(report, e => e.Unfilled is not null && e.Outdated is null) is { Count: > 0 } unfilled)
            yield return new NextAction(NextActionKind.Backfill, "fills what rows lack since the map changed, and writes nothing else") { Entities = unfilled };
        if (report is { MostRecords: not null, Status: RunStatus.Succeeded or RunStatus.Partial })
            yield return new NextAction(NextActionKind.ResyncEntities, "reads all records; this run was a first look");
        else if (report.MostRecords is null && Of(report, e => e.MissingLinks > 0).Count > 0)
            yield return new NextAction(NextActionKind.AuditLinks, "shows the missing targets, and the command that loads those that Bubble has");
        // A lost right looks the same, so no prune is proposed then.
        var unsure = report.Errors.Where(e => e.Code is ErrorCode.PruneRefused or ErrorCode.TooManyGone).Select(e => e.Entity).Concat(refused).ToHashSet();
        if (Of(report, e => IsUnpruned(e) && !unsure.Contains(e.Name)) is { Count: > 0 } gone && report.Kind == RunKind.Resync)
            yield return new NextAction(NextActionKind.PruneSoft, "marks the rows that Bubble no longer has") { Entities = gone };
        else if (report.Kind == RunKind.Incremental && Of(report, e => IsUnpruned(e) && !unsure.Contains(e.Name)) is { Count: > 0 } left)
            yield return new NextAction(NextActionKind.SyncIncremental, "marks the rows that Bubble no longer has") { Entities = left };
        if (report.Kind is not (RunKind.Verify or RunKind.AuditValues) && Of(report, e => e.AbsentKept > 0) is { Count: > 0 } absent)
            yield return ListAbsent(absent);
    }

    private static bool IsUnpruned(EntityReport entity) => (entity.Unpruned ?? entity.NotInBubble - entity.Pruned) > 0;

    private static NextAction ListAbsent(IReadOnlyList<string> entities) =>
        new(NextActionKind.VerifyStrictly, "lists the values that are kept here though Bubble no longer sends them") { Entities = entities };

    private static NextAction CheckAccess => new(NextActionKind.Doctor, "checks address, token and types, and says how to fix each");

    // A further run over these would meet the same refusal.
    private static HashSet<string?> Refused(IEnumerable<SyncError> errors) => [.. errors.Where(e => OfAccess.Contains(e.Code)).Select(e => e.Entity)];

    private static IEnumerable<NextAction> OfVerify(VerifyReport report)
    {
        var refused = Refused(report.Errors);
        if (report.Errors.Any(e => OfAccess.Contains(e.Code)))
            yield return CheckAccess;
        if (report.IsByCounts)
        {
            if (Of(report, e => e.Missing + e.Older + e.Extra > 0 && !IsLostRight(e) && !refused.Contains(e.Name)) is { Count: > 0 } unequal)
                yield return new NextAction(NextActionKind.SyncIncremental, "loads what is missing, marks what Bubble no longer has") { Entities = unequal };
        }

        if (Of(report, e => e.Missing + e.Older > 0 && (!report.IsByCounts || IsLostRight(e)) && !refused.Contains(e.Name)) is { Count: > 0 } behind)
            yield return new NextAction(NextActionKind.ResyncEntities, "loads what is missing, updates what is older") { Entities = behind };
        if (Of(report, e => e.Differs - e.AbsentKeptOnly + e.Newer > 0 && !refused.Contains(e.Name)) is { Count: > 0 } other)
            yield return new NextAction(NextActionKind.ForceResync, "takes Bubble's values over what differs or is newer here") { Entities = other };
        if (report.RunId is { } run && Of(report, e => e.Rejected > 0).Count > 0)
            yield return new NextAction(NextActionKind.ShowRejects, "what did not convert, and why") { RunId = run };
        if (!report.IsByCounts && Of(report, e => e.Extra > 0 && !IsLostRight(e) && !refused.Contains(e.Name)) is { Count: > 0 } gone)
            yield return new NextAction(NextActionKind.PruneSoft, "marks the rows that Bubble no longer has") { Entities = gone };
        if (!report.IsStrict && Of(report, e => e.AbsentKept > 0) is { Count: > 0 } absent)
            yield return ListAbsent(absent);
    }

    // The default limit of a resync: more than a fifth of the rows count as hidden, not as deleted.
    private static bool IsLostRight(VerifiedEntity entity) => entity.Extra * 5 > entity.Extra + entity.Compared - entity.Missing;

    private static bool IsNew(SchemaFindingKind finding, SchemaAuditReport report) => finding switch
    {
        SchemaFindingKind.ColumnMissing => report.Applied > 0,
        SchemaFindingKind.FieldUnmapped => report.WrittenMaps.Count > 0,
        _ => false,
    };

    private static List<string> Of(RunReport report, Func<EntityReport, bool> which) => [.. report.Entities.Where(which).Select(e => e.Name)];

    private static List<string> Of(VerifyReport report, Func<VerifiedEntity, bool> which) => [.. report.Entities.Where(which).Select(e => e.Name)];
}
