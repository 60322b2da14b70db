using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Transform;
using BubbleSync.Etl.Transform.FieldTypes;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Runs.Recording;

/// <summary>The findings of a run, in words for the user.</summary>
internal sealed class RunFindings
{
    /// <summary>The most unconverted fields of an entity that are listed one by one.</summary>
    public const int MostRejects = 100;

    private const int MostNames = 10;

    private readonly List<(string Entity, List<string> Names)> _unmapped = [];

    /// <summary>Warnings: worth knowing although nothing is wrong.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Adds a warning, if there is one.</summary>
    public void Warn(string? warning)
    {
        if (warning is not null)
            Warnings.Add(warning);
    }

    /// <summary>The result of a comparison, in words; null for runs that merge.</summary>
    public string? Conclusion { get; set; }

    /// <summary>The errors that make the run partial.</summary>
    public List<SyncError> Errors { get; } = [];

    /// <summary>What the patches did.</summary>
    public List<PatchReport> Patches { get; } = [];

    /// <summary>Whether something was left undone.</summary>
    public bool IsPartial => Errors.Count > 0;

    /// <summary>Adds the patches that failed.</summary>
    public void AddFailures(IEnumerable<PatchReport> patches)
    {
        foreach (var patch in patches.Where(p => p.Status == PatchStatus.Failed))
            Errors.Add(new SyncError(SyncStage.Patch, null, null, patch.Name, ErrorCode.PatchFailed, $"Patch {patch.Name}: {patch.Error}. Fix the file and "
                + "run the patch."));
    }

    /// <summary>
    /// Adds one warning about the fields that Bubble sends and no map names, because they are the same in each run: their names if only one entity has some,
    /// else their number.
    /// </summary>
    public void AddUnmapped()
    {
        if (_unmapped is [var (entity, names)])
        {
            Warnings.Add(Unmapped(entity, names));
        }
        else if (_unmapped.Count > 0)
        {
            Warnings.Add(Invariant($"fields that Bubble sends and no map names: {_unmapped.Sum(u => u.Names.Count)}, of ")
                + $"{string.Join(", ", _unmapped.Select(u => Invariant($"{u.Entity} ({u.Names.Count})")))}. An audit of the schema names them.");
        }
    }

    /// <summary>Adds the findings about an entity that has merged.</summary>
    /// <param name="entity">The entity.</param>
    /// <param name="isDryRun">Whether the run's own tables are rolled back and do not show it.</param>
    public void Add(EntityRun entity, bool isDryRun)
    {
        var (plan, report) = (entity.Plan, entity.Report);
        foreach (var issue in entity.Issues)
        {
            var what = $"{plan.Name}: not shown to be complete: {issue.Message}. What was read is merged; nothing is pruned.";
            Errors.Add(new SyncError(SyncStage.Extract, plan.Name, null, null, issue.Code, what));
        }

        Errors.AddRange(entity.Refusals);
        Errors.AddRange(entity.Rejects.Take(MostRejects));
        if (entity.Rejects.Count > MostRejects)
        {
            var outcome = isDryRun ? "would be rejected" : "were rejected and not loaded; all of them are in bubblesync.rejected_record";
            Errors.Add(new SyncError(
                SyncStage.Transform, plan.Name, null, null, ErrorCode.Rejected, Invariant($"{plan.Name}: {report.Rejected} records {outcome}.")));
        }

        foreach (var (window, result) in entity.Flow.ExtractLog.Accepted.Where(a => a.ReadingResult is { Outcome: Outcome.Verified, Why: not null }))
            Warnings.Add($"{plan.Name}: {window}: {result.Why}.");
        if (report.Conflicts > 0)
            Warnings.Add(
                Invariant($"{plan.Name}: edited both in Bubble and here, so that the rows were kept: {report.Conflicts}. ")
                + "A resync that takes Bubble's values (force) overwrites them.");
        if (report.MissingLinks > 0)
            Warnings.Add(Invariant($"{plan.Name}: links whose target no table has: {report.MissingLinks}{(isDryRun ? "" : "; see bubblesync.missing_link")}."));
        foreach (var refused in report.ClearRefused ?? [])
            Errors.Add(new SyncError(SyncStage.Load, plan.Name, null, refused.Field, ErrorCode.ClearRefused, Refused(plan, refused)));
        if (report.AbsentKept > 0)
        {
            Warnings.Add(
                Invariant($"{plan.Name}: values kept here that Bubble no longer sends: {report.AbsentKept}; ")
                + $"a strict comparison of {plan.Name} names them.");
        }

        if (report.Unfilled is { } unfilled)
        {
            Warnings.Add(
                $"{plan.Name}: columns that rows may lack since the map changed: {string.Join(", ", unfilled)}. Rows that do not change in Bubble get their "
                + "values by a backfill.");
        }

        if (report.Outdated is { } outdated)
        {
            Warnings.Add(
                $"{plan.Name}: columns in which rows may hold values that their line of the map does not give: {string.Join(", ", outdated)}. Rows were "
                + "written by an earlier line, or had other values before. A resync that takes Bubble's values (force) writes them anew.");
        }

        if (entity.Rowless > 0)
            Warnings.Add(Invariant($"{plan.Name}: records that have no row, which a backfill does not insert: {entity.Rowless}."));
        if (report.NotInBubble > 0 && report.Pruned == 0)
            Warnings.Add(Invariant($"{plan.Name}: rows that Bubble no longer has: {report.NotInBubble}."));
        AddStrangers(plan, entity.Flow.Mapper);
        if (UnmappedNames(plan, entity.Flow.Mapper) is { Count: > 0 } unmapped)
            _unmapped.Add((plan.Name, unmapped));
        AddNotes(plan, entity.Flow.Mapper.Tally);
    }

    private static string Refused(EntityPlan plan, ClearRefusal refused) =>
        Invariant($"{plan.Name}: '{refused.Field}' is absent from {refused.Emptied} records that have a value here, of {refused.Values} values in column ")
        + $"'{refused.Column}', which was left as it is: one run clears at most {ClearGuard.MostPercent} %, because a lost right looks the same. "
        + "Check in Bubble that the token may see the field. If the values are really gone, empty the column in these rows with SQL: "
        + $"a comparison of {plan.Name} names them.";

    // No field name of the records is in the map: the rows would have only ids and dates.
    private void AddStrangers(EntityPlan plan, RecordMapper mapper)
    {
        var names = mapper.Tally.Present.Keys.Where(n => !BubbleField.All.Contains(n.Name) && !plan.Ignored.Contains(n.Name)).ToList();
        var stored = plan.Unmapped is { } column ? $"they are stored in column '{column.Name}' alone" : "only ids and dates were stored";
        if (names.Count > 0 && !plan.KeepsOnlyUnmapped && names.TrueForAll(n => n.Slots.Length == 0))
            Errors.Add(new SyncError(SyncStage.Transform, plan.Name, null, null, ErrorCode.NamesUnknown, $"{plan.Name}: none of the {names.Count} fields that "
                + $"Bubble sends is in the map, so that {stored}. Where these are database ids, switch on 'Display fields instead of id "
                + "for key names' (Settings > API in the Bubble editor); otherwise put these names into the map's 'from'."));
    }

    /// <summary>Returns the fields that records have and no line of the map reads, in words; null where there are none.</summary>
    public static string? Unmapped(EntityPlan plan, RecordMapper mapper)
    {
        var names = UnmappedNames(plan, mapper);
        return names.Count > 0 ? Unmapped(plan.Name, names) : null;
    }

    private static string Unmapped(string entity, List<string> names)
    {
        var further = names.Count > MostNames ? Invariant($" and {names.Count - MostNames} more") : "";
        return $"{entity}: fields that Bubble sends and no map names: {string.Join(", ", names.Take(MostNames))}{further}.";
    }

    // What a column keeps is not lost. But a field that should be masked may be among them, under a name that no line has.
    private static List<string> UnmappedNames(EntityPlan plan, RecordMapper mapper) => plan.Unmapped is not null && plan.Columns.All(c => c.Mask is null) ? [] :
    [
        .. mapper.Tally.Present.Where(p => p.Key.Slots.Length == 0 && !plan.Ignored.Contains(p.Key.Name)).OrderByDescending(p => p.Value)
            .Select(p => Invariant($"'{p.Key.Name}' ({p.Value})")),
    ];

    private void AddNotes(EntityPlan plan, FieldTally tally)
    {
        foreach (var ((column, note), (count, example)) in tally.Notes.OrderBy(n => n.Key))
        {
            var what = note switch
            {
                TextNotes.Removed => "U+0000, which PostgreSQL cannot store, was removed from",
                TextNotes.Replaced => "invalid characters became U+FFFD in",
                _ => "lists have exactly 200 items, where Bubble may have cut them, in",
            };
            Warnings.Add(Invariant($"{plan.Name}: {what} '{plan.Columns[column].Field}' of {count} records, such as {example}."));
        }
    }
}
