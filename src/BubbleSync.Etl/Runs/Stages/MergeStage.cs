using System.Data;
using System.Diagnostics;
using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Merge.Links;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Settings;
using static System.FormattableString;

namespace BubbleSync.Etl.Runs.Stages;

/// <summary>How records go from staging into the tables.</summary>
/// <param name="Force">Whether Bubble's values win over local edits and over rows that are newer.</param>
/// <param name="Prune">What happens to rows that Bubble no longer has; only for runs that read everything.</param>
/// <param name="PruneLimitPercent">The largest part of an entity's rows that may be pruned.</param>
/// <param name="NextStep">What finishes the run where it has to stop.</param>
internal sealed record MergeOptions(bool Force, PruneMode Prune, decimal PruneLimitPercent, string NextStep);

/// <summary>From staging into the tables: what every kind of run does once its records are staged.</summary>
internal sealed class MergeStage(
    MergeOptions options, IEnumerable<EntityPlan> plans, TargetDatabase database, TargetTransactions transactions, RunJournal journal, RunFindings findings, TimeProvider clock)
{
    // The patches, one after the other, and the looks at links: what each does for itself costs one processor of the server.
    private const int LastWorksAtOnce = 2;

    private static readonly TimeSpan LongestSupersede = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly MergeGate _gate = new(plans.Select(p => (p.Name, p.Level)));
    private Task? _sourceRecorded;

    /// <summary>Reads refused records again, to keep them as they were sent; null where they cannot be read again.</summary>
    public ReadRecords? ReadAgain { get; set; }

    private bool Prunes => options.Prune is PruneMode.Soft or PruneMode.Hard;

    /// <summary>Does not forbid anything.</summary>
    public static Task AlwaysAllowed(CancellationToken _) => Task.CompletedTask;

    /// <summary>Keeps what was rejected so far where it can be looked at, of a run that stops before it merges.</summary>
    public async Task KeepRejectsAsync(IEnumerable<EntityRun> entities, CancellationToken cancellationToken)
    {
        foreach (var entity in entities.Where(e => !e.IsMerged && e.Report.Proof is null))
        {
            var records = new StagedRecords(entity.Plan, entity.Staging, journal.RunId);
            await transactions.RunInTransactionAsync(IsolationLevel.ReadCommitted, entity.Plan.Name, c => records.KeepRejectsAsync(c, cancellationToken), cancellationToken);
        }
    }

    /// <summary>
    /// Marks what earlier runs rejected as outdated where this run, which ends before it merges, has read another version. What ended the run is the error
    /// that is reported; a failure here is not.
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

    /// <summary>Merges an entity once all of the lower levels are merged.</summary>
    /// <param name="entity">The entity; not merged again where an earlier attempt at the same run has done it.</param>
    /// <param name="check">Asked just before merging; throws where nothing more is to be merged.</param>
    /// <param name="drain">Ends the waiting, not the merging; then the entity is left unmerged.</param>
    /// <param name="cancellationToken">Stops waiting and merging.</param>
    public async Task MergeInTurnAsync(EntityRun entity, Func<CancellationToken, Task> check, CancellationToken drain, CancellationToken cancellationToken)
    {
        if (!entity.IsMerged)
        {
            entity.Flow.State = EntityState.Merging;
            if (!await IsTurnAsync(entity.Plan.Level, drain, cancellationToken))
                return;

            await check(cancellationToken);
            await MergeAsync(entity, check, drain, cancellationToken);
            entity.Flow.State = EntityState.Done;
        }

        _gate.Pass(entity.Plan.Name);
    }

    /// <summary>Once all are merged: reports missing links beside the patches, or before it prunes, and says what there is to say.</summary>
    public async Task SettleAsync(IReadOnlyList<EntityRun> entities, PatchStage patches, CancellationToken cancellationToken)
    {
        // Only now: an agent may name a user, who is merged a level later. Beside the patches, for these fill links in where no look goes: in the tables.
        IEnumerable<Func<CancellationToken, Task>> looks = entities.Select<EntityRun, Func<CancellationToken, Task>>(e => token => ReportLinksAsync(e, token));
        // Rows are pruned only once the links to them are looked at.
        if (Prunes)
        {
            await AllAsync(looks, cancellationToken);
            looks = [];
        }

        await AllAsync(looks.Prepend(token => PatchAsync(entities, patches, token)), cancellationToken);
        foreach (var entity in entities)
            findings.Add(entity, journal.IsDryRun);
        await TellHeldAsync(entities, cancellationToken);
        findings.AddFailures(findings.Patches);
    }

    /// <summary>Clears staging away, and notes how many rows the tables have.</summary>
    public async Task ClearAsync(IReadOnlyList<EntityRun> entities, CancellationToken cancellationToken)
    {
        // A dry run still holds locks on what it staged: it is taken back first.
        await transactions.DisposeAsync();
        foreach (var entity in entities.Where(e => !journal.IsDryRun && e is { Baseline: not null, Bound: not null, Report.Proof.IsComplete: true }))
        {
            var stretches = new RowStretches(entity.Plan, journal.Source.Address);
            await database.RunAsync(c => stretches.RecordAsync(c, journal.RunId, entity.Bound!.Value, entity.Undated, cancellationToken), cancellationToken);
        }

        var drop = string.Join("; ", entities.Select(e => e.Staging.Drop));
        await database.RunAsync(c => c.ExecuteAsync(drop, cancellationToken), cancellationToken);
    }

    private static Task AllAsync(IEnumerable<Func<CancellationToken, Task>> works, CancellationToken cancellationToken) =>
        ParallelWork.RunAsync(works, LastWorksAtOnce, (work, token) => work(token), cancellationToken);

    private async Task PatchAsync(IReadOnlyList<EntityRun> entities, PatchStage patches, CancellationToken cancellationToken)
    {
        var prune = new PruneStage(options, database, transactions, journal, findings, ReadAgain);
        // Highest level first, so that rows go before those they point to.
        foreach (var entity in entities.Where(e => e is { Baseline: not null, Horizon: not null } && options.Prune != PruneMode.None).Reverse())
            await prune.RunAsync(entity, entity.Baseline!, entity.Horizon!, cancellationToken);
        await patches.RunAsync(transactions, findings, cancellationToken);
    }

    private async Task<bool> IsTurnAsync(int level, CancellationToken drain, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(drain, cancellationToken);
        try
        {
            await _gate.BelowAsync(level, either.Token);
            return !drain.IsCancellationRequested;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task MergeAsync(EntityRun entity, Func<CancellationToken, Task> check, CancellationToken drain, CancellationToken cancellationToken)
    {
        await RecordSourceAsync(cancellationToken);
        var began = Stopwatch.GetTimestamp();
        using var span = EtlDiagnostics.Begin("merge", ("entity", entity.Plan.Name));
        entity.Report = await new EntityMerge(entity, options, transactions, journal, ReadAgain, clock).RunAsync(check, drain, cancellationToken);
        EtlDiagnostics.StageDuration.Took(began, EtlDiagnostics.Tag("stage", "merge"), EtlDiagnostics.Tag("entity", entity.Plan.Name));
        await TellAsync(entity.Report, cancellationToken);
    }

    // Once a run, and not before its first merge: a run that merges nothing does not record its app. A dry run would hold the row until its end.
    private Task RecordSourceAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _sourceRecorded ??= journal.IsDryRun
                ? Task.CompletedTask
                : database.RunAsync(c => journal.Source.RecordAsync(c, journal.RunId, cancellationToken), cancellationToken);
        }
    }

    private async Task TellAsync(EntityReport merged, CancellationToken cancellationToken)
    {
        (string Outcome, long Records)[] outcomes = [("inserted", merged.Inserted), ("updated", merged.Updated), ("unchanged", merged.Unchanged), ("conflicts", merged.Conflicts), ("rejected", merged.Rejected)];
        foreach (var (outcome, records) in outcomes.Where(o => o.Records > 0))
            EtlDiagnostics.Records.Add(records, EtlDiagnostics.Tag("entity", merged.Name), EtlDiagnostics.Tag("outcome", outcome));
        var counts = string.Join(", ", outcomes.Select(o => Invariant($"{o.Records} {o.Outcome}")));
        await journal.LogAsync("info", "load", merged.Name, null, Invariant($"{merged.Name}: merged {merged.Extracted}: {counts}"), cancellationToken);
    }

    private async Task ReportLinksAsync(EntityRun entity, CancellationToken cancellationToken)
    {
        var links = new MissingLinks(entity.Plan, entity.Staging, journal.RunId);
        entity.Report = await transactions.RunInTransactionAsync(
            IsolationLevel.ReadCommitted,
            entity.Plan.Name,
            async connection =>
            {
                var report = entity.Report with { MissingLinks = await links.ReportAsync(connection, entity.Report.Staged, cancellationToken) };
                await journal.MergedAsync(connection, report, entity.StartedAt, cancellationToken);
                return report;
            },
            cancellationToken);
    }

    private async Task TellHeldAsync(IReadOnlyList<EntityRun> entities, CancellationToken cancellationToken)
    {
        foreach (var entity in entities.Where(e => e.Plan.Columns.Any(c => c.HoldsLinks)))
        {
            findings.Warnings.AddRange(await transactions.RunInTransactionAsync(
                IsolationLevel.ReadCommitted, entity.Plan.Name, c => new DeferredForeignKeys(entity.Plan, entity.Staging).TellAsync(c, cancellationToken), cancellationToken));
        }
    }
}
