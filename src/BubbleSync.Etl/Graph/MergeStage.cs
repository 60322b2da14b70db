using System.Data;
using System.Diagnostics;
using BubbleSync.Etl.Load;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Telemetry;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Graph;

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

    private readonly Lock _lock = new();
    private readonly MergeGate _gate = new(plans.Select(p => (p.Name, p.Level)));
    private Task? _sourceRecorded;

    /// <summary>Reads refused records again, to keep them as they were sent; null where they cannot be read again.</summary>
    public ReadRecords? ReadAgain { get; set; }

    private bool Prunes => options.Prune is PruneMode.Soft or PruneMode.Hard;

    private string PrunedHow => options.Prune == PruneMode.Hard ? "DELETED" : $"marked in {DeletionMark.Name}";

    /// <summary>Does not forbid anything.</summary>
    public static Task NoCheck(CancellationToken _) => Task.CompletedTask;

    /// <summary>Keeps what was rejected so far where it can be looked at, of a run that stops before it merges.</summary>
    public async Task KeepRejectsAsync(IEnumerable<EntityRun> entities, CancellationToken cancellationToken)
    {
        foreach (var entity in entities.Where(e => !e.IsMerged && e.Report.Proof is null))
            await transactions.InOneAsync(IsolationLevel.ReadCommitted, entity.Plan.Name, c => KeepRejectsAsync(c, entity, cancellationToken), cancellationToken);
    }

    private async Task<long> KeepRejectsAsync(NpgsqlConnection connection, EntityRun entity, CancellationToken cancellationToken)
    {
        await RejectedRecords.SupersedeOtherVersionsAsync(connection, journal.RunId, entity.Plan, entity.Staging.Name, cancellationToken);
        return await new StagedRecords(entity.Plan, entity.Staging, journal.RunId).KeepRejectsAsync(connection, cancellationToken);
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

    /// <summary>Clears staging away.</summary>
    public async Task ClearAsync(IReadOnlyList<EntityRun> entities, CancellationToken cancellationToken)
    {
        // A dry run still holds locks on what it staged: it is taken back first.
        await transactions.DisposeAsync();
        await using var connection = await database.ConnectAsync(cancellationToken);
        await connection.ExecuteAsync(string.Join("; ", entities.Select(e => e.Staging.Drop)), cancellationToken);
    }

    private static Task AllAsync(IEnumerable<Func<CancellationToken, Task>> works, CancellationToken cancellationToken) =>
        Together.RunAsync(works, LastWorksAtOnce, (work, token) => work(token), cancellationToken);

    private async Task PatchAsync(IReadOnlyList<EntityRun> entities, PatchStage patches, CancellationToken cancellationToken)
    {
        // Highest level first, so that rows go before those they point to.
        foreach (var entity in entities.Where(e => e is { Baseline: not null, Horizon: not null } && options.Prune != PruneMode.None).Reverse())
            await PruneAsync(entity, entity.Baseline!, entity.Horizon!, cancellationToken);
        await patches.RunAsync(transactions, findings.Patches, cancellationToken);
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
        using var span = Signals.Begin("merge", ("entity", entity.Plan.Name));
        entity.Report = await new EntityMerge(entity, options, transactions, journal, ReadAgain, clock).RunAsync(check, drain, cancellationToken);
        Signals.StageDuration.Took(began, Signals.Tag("stage", "merge"), Signals.Tag("entity", entity.Plan.Name));
        await TellAsync(entity.Report, cancellationToken);
    }

    // Once a run, and not before its first merge: a run that merges nothing does not record its app. A dry run would hold the row until its end.
    private Task RecordSourceAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            return _sourceRecorded ??= journal.IsDryRun ? Task.CompletedTask : RecordAsync();

        async Task RecordAsync()
        {
            await using var connection = await database.ConnectAsync(cancellationToken);
            await journal.Source.RecordAsync(connection, journal.RunId, cancellationToken);
        }
    }

    private async Task TellAsync(EntityReport merged, CancellationToken cancellationToken)
    {
        (string Outcome, long Records)[] outcomes = [("inserted", merged.Inserted), ("updated", merged.Updated), ("unchanged", merged.Unchanged), ("conflicts", merged.Conflicts), ("rejected", merged.Rejected)];
        foreach (var (outcome, records) in outcomes.Where(o => o.Records > 0))
            Signals.Records.Add(records, Signals.Tag("entity", merged.Name), Signals.Tag("outcome", outcome));
        var counts = string.Join(", ", outcomes.Select(o => Invariant($"{o.Records} {o.Outcome}")));
        await journal.LogAsync("info", "load", merged.Name, null, Invariant($"{merged.Name}: merged {merged.Extracted}: {counts}"), cancellationToken);
    }

    private async Task ReportLinksAsync(EntityRun entity, CancellationToken cancellationToken)
    {
        var links = new MissingLinks(entity.Plan, entity.Staging, journal.RunId);
        entity.Report = await transactions.InOneAsync(
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
            findings.Warnings.AddRange(await transactions.InOneAsync(
                IsolationLevel.ReadCommitted, entity.Plan.Name, c => new HeldLinks(entity.Plan, entity.Staging).TellAsync(c, cancellationToken), cancellationToken));
        }
    }

    private async Task PruneAsync(EntityRun entity, TargetBaseline baseline, Horizon horizon, CancellationToken cancellationToken)
    {
        var pruner = new Pruner(entity.Plan, entity.Staging, options.Prune, options.PruneLimitPercent, baseline, horizon);
        var (ids, refusal) = await transactions.InOneAsync(
            IsolationLevel.ReadCommitted, entity.Plan.Name, c => pruner.JudgeAsync(c, entity.Report, cancellationToken), cancellationToken);
        refusal ??= await AskAsync(entity, pruner, ids, cancellationToken);
        if (refusal is null && ids.Count > 0)
            refusal = await PruneAsync(entity, pruner, cancellationToken);
        if (refusal is not null)
            findings.Errors.Add(refusal);
        if (entity.Report.Pruned > 0)
            findings.Warnings.Add(Invariant($"{entity.Plan.Name}: {PrunedHow}, because Bubble no longer has them: {entity.Report.Pruned} rows."));
    }

    // No proof is as good as Bubble's own word on just these records; no transaction is open meanwhile.
    private async Task<SyncError?> AskAsync(EntityRun entity, Pruner pruner, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 0 || ReadAgain is null)
            return null;

        try
        {
            if (await ReadAgain(entity.Plan, ids, cancellationToken) is not { Count: > 0 } living)
                return null;

            var refusal = pruner.StillThere(living.Count);
            await DisproveAsync(entity, refusal.Message, cancellationToken);
            return refusal;
        }
        catch (SyncException failure)
        {
            return pruner.NotAsked(failure);
        }
    }

    // Nor is the reading a watermark any more.
    private async Task DisproveAsync(EntityRun entity, string why, CancellationToken cancellationToken)
    {
        var proof = entity.Report.Proof!;
        entity.Report = entity.Report with { Proof = proof with { IsComplete = false, Doubts = [.. proof.Doubts, why] } };
        await using var connection = await database.ConnectAsync(cancellationToken);
        await journal.MergedAsync(connection, entity.Report, entity.StartedAt, cancellationToken);
    }

    private async Task<SyncError?> PruneAsync(EntityRun entity, Pruner pruner, CancellationToken cancellationToken)
    {
        (entity.Report, var refusal) = await transactions.InOneAsync(
            IsolationLevel.RepeatableRead,
            entity.Plan.Name,
            async connection =>
            {
                var edits = await LocalEdits.ListAsync(connection, entity.Plan, cancellationToken);
                var (pruned, refusal) = await pruner.PruneAsync(connection, cancellationToken);
                // An earlier attempt at the same run may have pruned some already.
                var report = entity.Report with { Pruned = entity.Report.Pruned + pruned };
                if (pruned > 0)
                    await journal.MergedAsync(connection, report, entity.StartedAt, cancellationToken);
                await OwnWrites.RecordAsync(connection, entity.Plan, cancellationToken, edits);
                return (report, refusal);
            },
            cancellationToken);
        return refusal;
    }
}
