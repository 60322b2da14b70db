using System.Data;
using System.Diagnostics;
using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Runs.Stages;

/// <summary>How records go from staging into the tables.</summary>
/// <param name="Force">Whether Bubble's values win over local edits and over rows that are newer.</param>
/// <param name="Prune">What happens to rows that Bubble no longer has; only for runs that read everything.</param>
/// <param name="PruneLimitPercent">The largest part of an entity's rows that may be pruned.</param>
/// <param name="NextStep">What finishes the run if it has to stop.</param>
internal sealed record MergeOptions(bool Force, PruneMode Prune, decimal PruneLimitPercent, string NextStep)
{
    /// <summary>Whether the patches of the run look at all rows, so that no single ones need to be noted. Default false.</summary>
    public bool PatchesAllRows { get; init; }
}

/// <summary>Moves staged records into the tables, in every kind of run.</summary>
internal sealed class MergeStage(
    MergeOptions options, TargetDatabase database, TargetTransactions transactions, RunJournal journal, TimeProvider clock)
{
    private static readonly TimeSpan LongestSupersede = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private Task? _sourceRecorded;
    private int _underWay;

    /// <summary>The number of merges that have begun and not ended. None begins once the run was asked to stop.</summary>
    public int UnderWay
    {
        get
        {
            lock (_lock)
                return _underWay;
        }
    }

    /// <summary>Reads refused records again, to keep them as they were sent; null if they cannot be read again.</summary>
    public ReadRecords? ReadAgain { get; set; }

    /// <summary>Does not forbid anything.</summary>
    public static Task AlwaysAllowed(CancellationToken _) => Task.CompletedTask;

    /// <summary>Keeps the records rejected so far, so that users can see them, for a run that stops before it merges.</summary>
    public async Task KeepRejectsAsync(IEnumerable<EntityRun> entities, CancellationToken cancellationToken)
    {
        foreach (var entity in entities.Where(e => e is { IsMerged: false, Report.Proof: null, Staging.IsMade: true }))
        {
            var records = new StagedRecords(entity.Plan, entity.Staging, journal.RunId);
            await transactions.RunInTransactionAsync(
                IsolationLevel.ReadCommitted, entity.Plan.Name, c => records.KeepRejectsAsync(c, cancellationToken), cancellationToken);
        }
    }

    /// <summary>
    /// Marks rejects of earlier runs as outdated if this run, which ends before it merges, has read another version. Only the error that ended the run
    /// is reported; a failure here is not.
    /// </summary>
    public async Task TrySupersedeAsync(IEnumerable<EntityRun> entities)
    {
        using var limit = new CancellationTokenSource(LongestSupersede);
        try
        {
            foreach (var entity in entities.Where(e => !transactions.IsDryRun && journal.Source.IsRead && e is { IsMerged: false, Report.Proof: null }))
            {
                await database.RunAsync(
                    c => RejectedRecords.SupersedeOtherVersionsAsync(c, journal.RunId, entity.Plan, entity.Staging.Name, limit.Token), limit.Token);
            }
        }
        catch (Exception lost) when (lost is SyncException or OperationCanceledException || PostgresFailure.IsOfSession(lost))
        {
            // The database is gone, or entities have no staging yet.
        }
    }

    /// <summary>Merges an entity; all of the lower levels are merged by then.</summary>
    /// <param name="entity">The entity; not merged again where an earlier attempt at the same run has done it.</param>
    /// <param name="check">Called just before merging; throws if nothing more is to be merged.</param>
    /// <param name="drain">Leaves the entity unmerged if it has not begun.</param>
    /// <param name="cancellationToken">Stops merging.</param>
    public async Task MergeAsync(EntityRun entity, Func<CancellationToken, Task> check, CancellationToken drain, CancellationToken cancellationToken)
    {
        if (entity.IsMerged)
            return;

        // After the run was asked to stop, only merges that take place are counted.
        lock (_lock)
        {
            entity.IsLeft = drain.IsCancellationRequested;
            _underWay += entity.IsLeft ? 0 : 1;
        }

        if (entity.IsLeft)
            return;

        try
        {
            await MergeBegunAsync(entity, check, drain, cancellationToken);
        }
        finally
        {
            lock (_lock)
                _underWay--;
        }
    }

    private async Task MergeBegunAsync(EntityRun entity, Func<CancellationToken, Task> check, CancellationToken drain, CancellationToken cancellationToken)
    {
        await check(cancellationToken);
        await RecordSourceAsync(cancellationToken);
        var began = Stopwatch.GetTimestamp();
        using var span = EtlDiagnostics.Begin("merge", ("entity", entity.Plan.Name));
        var readAgain = entity.Plan.Backfill is { IsKept: true } ? null : ReadAgain;
        entity.Report = await new EntityMerge(entity, options, transactions, journal, readAgain, clock).RunAsync(check, drain, cancellationToken);
        entity.Report = entity.Report with { MergeMs = (long)Math.Ceiling(Stopwatch.GetElapsedTime(began).TotalMilliseconds) };
        EtlDiagnostics.StageDuration.Took(began, EtlDiagnostics.Tag("stage", "merge"), EtlDiagnostics.Tag("entity", entity.Plan.Name));
        Count(entity.Report);
        entity.Flow.State = EntityState.Done;
    }

    // Once per run, not before its first merge: a run that merges nothing does not record its app. A dry run would lock the row until its end.
    private Task RecordSourceAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _sourceRecorded ??= journal.IsDryRun
                ? Task.CompletedTask
                : database.RunAsync(c => journal.Source.RecordAsync(c, journal.RunId, cancellationToken), cancellationToken);
        }
    }

    /// <summary>Returns the line of the activity log for a merge.</summary>
    public static string Line(EntityReport merged) =>
        Invariant($"{merged.Name}: merged {merged.Extracted}: ") + string.Join(", ", Outcomes(merged).Select(o => Invariant($"{o.Records} {o.Outcome}")));

    private void Count(EntityReport merged)
    {
        foreach (var (outcome, records) in Outcomes(merged).Where(o => o.Records > 0))
            EtlDiagnostics.Records.Count(records, EtlDiagnostics.Tag("entity", merged.Name), EtlDiagnostics.Tag("outcome", outcome));
        journal.Logger.Noted(Word.Of(SyncStage.Load), Line(merged));
    }

    private static (string Outcome, long Records)[] Outcomes(EntityReport merged) =>
    [
        ("inserted", merged.Inserted), ("updated", merged.Updated), ("unchanged", merged.Unchanged), ("conflicts", merged.Conflicts),
        ("rejected", merged.Rejected),
    ];
}
