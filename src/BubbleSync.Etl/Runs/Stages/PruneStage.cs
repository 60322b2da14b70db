using System.Data;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Pruning;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Settings;
using static System.FormattableString;

namespace BubbleSync.Etl.Runs.Stages;

/// <summary>Deletes or marks rows that Bubble no longer has, or only checks their number, after a last request to Bubble.</summary>
internal sealed class PruneStage(
    MergeOptions options, TargetDatabase database, TargetTransactions transactions, RunJournal journal, RunFindings findings, ReadRecords? readAgain)
{
    private string How => options.Prune == PruneMode.Hard ? "DELETED" : $"marked in {DeletionMark.Name}";

    /// <summary>Prunes an entity.</summary>
    /// <param name="entity">The entity, merged.</param>
    /// <param name="baseline">What the run found when it began to read the entity.</param>
    /// <param name="horizon">The limit of the reading.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task RunAsync(EntityRun entity, TargetBaseline baseline, Horizon horizon, CancellationToken cancellationToken)
    {
        // The count says how many rows existed if the run did not count them at its start.
        var living = baseline.LivingRows ?? entity.Counted?.Here + entity.Counted?.Gone;
        var pruner = new Pruner(
            entity.Plan, entity.Staging, options.Prune, options.PruneLimitPercent, baseline with { LivingRows = living }, horizon, entity.ReadsEverything);
        var (ids, refusal) = await transactions.RunInTransactionAsync(
            IsolationLevel.ReadCommitted, entity.Plan.Name, c => pruner.JudgeAsync(c, entity.Report, cancellationToken), cancellationToken);
        refusal ??= await AskAsync(entity, pruner, ids, cancellationToken);
        if (refusal is null && ids.Count > 0)
            refusal = await PruneAsync(entity, pruner, cancellationToken);
        if (refusal is not null)
            findings.Errors.Add(refusal);
        if (entity.Report.Pruned > 0)
            findings.Warnings.Add(Invariant($"{entity.Plan.Name}: {How}, because Bubble no longer has them: {entity.Report.Pruned} rows."));
        if (entity is { ReadsEverything: true, Report.Proof.IsComplete: true })
        {
            var unpruned = await transactions.RunInTransactionAsync(
                IsolationLevel.ReadCommitted, entity.Plan.Name, c => pruner.NoteGoneAsync(c, journal.RunId, cancellationToken), cancellationToken);
            entity.Amend(r => r with { Unpruned = unpruned });
        }
    }

    // Bubble's own answer about exactly these records is the best verification; no transaction is open meanwhile.
    private async Task<SyncError?> AskAsync(EntityRun entity, Pruner pruner, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 0 || readAgain is null)
            return null;

        try
        {
            if (await readAgain(entity.Plan, ids, cancellationToken) is not { Count: > 0 } living)
                return null;

            var refusal = pruner.StillThere(living.Count);
            await database.RunAsync(c => pruner.ForgetAsync(c, living.Keys, cancellationToken), cancellationToken);
            await DisproveAsync(entity, refusal.Message, cancellationToken);
            return refusal;
        }
        catch (SyncException failure)
        {
            return pruner.NotAsked(failure);
        }
    }

    // The reading is no longer a watermark.
    private async Task DisproveAsync(EntityRun entity, string why, CancellationToken cancellationToken)
    {
        var proof = entity.Report.Proof!;
        entity.Flow.ExtractLog.AddIssue(why);
        entity.Report = entity.Report with { Proof = proof with { IsComplete = false, Issues = [.. proof.Issues, why] } };
        await database.RunAsync(c => journal.MergedAsync(c, entity.Report, entity.StartedAt, cancellationToken), cancellationToken);
        await database.RunAsync(
            c => new RowStretches(entity.Plan, journal.Source.Address).ForgetAsync(c, journal.RunId, cancellationToken), cancellationToken);
    }

    private async Task<SyncError?> PruneAsync(EntityRun entity, Pruner pruner, CancellationToken cancellationToken)
    {
        try
        {
            (entity.Report, var refusal) = await transactions.RunInTransactionAsync(
                IsolationLevel.RepeatableRead,
                entity.Plan.Name,
                async connection =>
                {
                    var (pruned, refusal) = await pruner.PruneAsync(connection, journal.RunId, cancellationToken);
                    // An earlier attempt at the same run may have pruned some already.
                    var report = entity.Report with { Pruned = entity.Report.Pruned + pruned };
                    if (pruned > 0)
                        await journal.MergedAsync(connection, report, entity.StartedAt, cancellationToken);
                    return (report, refusal);
                },
                cancellationToken);
            return refusal;
        }
        catch (SyncException failure) when (failure.IsTransient && !cancellationToken.IsCancellationRequested)
        {
            return pruner.InTheWay(failure);
        }
    }
}
