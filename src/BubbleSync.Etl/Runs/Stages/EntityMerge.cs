using System.Data;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Journal.Lags;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Merge.Constraints;
using BubbleSync.Etl.Merge.Pruning;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Staging;
using BubbleSync.Etl.Transform;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Runs.Stages;

/// <summary>Returns records of an entity as they were sent, by their ids. Records that cannot be read are left out.</summary>
internal delegate Task<IReadOnlyDictionary<string, string>> ReadRecords(EntityPlan plan, IReadOnlyList<string> ids, CancellationToken cancellationToken);

/// <summary>
/// Merges one entity in one transaction. Where the table refuses records, the transaction is rolled back, the records are found, read again as they were sent
/// and rejected, and the others are merged.
/// </summary>
internal sealed class EntityMerge(
    EntityRun entity, MergeOptions options, TargetTransactions transactions, RunJournal journal, ReadRecords? readAgain, TimeProvider clock)
{
    // Each round rejects at least one record. A failure after the last round has another cause.
    private const int MostRounds = 10;
    private const int MostReadAgain = 10_000;
    private const int ReadAtOnce = 100;

    private Merger _merger = new(entity.Plan, entity.Staging, journal.RunId, options.Force, transactions.IsDryRun, !options.PatchesAllRows, options.NextStep);
    private readonly StagedRejects _rejects = new(entity.Plan, entity.Staging);
    private bool _takesSequenceNumbers;

    /// <summary>Merges the entity; returns its report.</summary>
    /// <param name="check">Called again if records were rejected; throws if nothing more is to be merged.</param>
    /// <param name="drain">Ends the reading of records that were refused; they are read again when the run is resumed.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<EntityReport> RunAsync(Func<CancellationToken, Task> check, CancellationToken drain, CancellationToken cancellationToken)
    {
        var steps = MergeSteps.AtOnce;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(drain, cancellationToken);
        for (var round = 1; ; round++)
        {
            try
            {
                if (await MergeAsync(steps, cancellationToken) is { } report)
                    return report;
            }
            catch (SyncException failure) when (round <= MostRounds && PostgresFailure.Refusal(failure) is { } refusal)
            {
                // Records that only exchange values all fit, once their rows are freed.
                var mayBeExchange = refusal.IsOfOtherRow && steps == MergeSteps.AtOnce;
                steps = steps == MergeSteps.AtOnce ? MergeSteps.ValuesFirst : steps;
                if (mayBeExchange)
                    continue;
                if (await FindRefusedAsync(cancellationToken) == 0 && !TakeSequenceNumbers())
                {
                    // Each of them fits in some order.
                    if (steps == MergeSteps.OneByOne)
                        throw;
                    steps = MergeSteps.OneByOne;
                    continue;
                }
            }

            await ReadAgainAsync(stop.Token, cancellationToken);
            await check(cancellationToken);
        }
    }

    // The entity with its counts.
    private Task<EntityReport?> MergeAsync(MergeSteps steps, CancellationToken cancellationToken) => transactions.RunInTransactionAsync(
        IsolationLevel.RepeatableRead,
        entity.Plan.Name,
        async connection =>
        {
            var isBackfill = entity.Plan.Backfill is not null;
            var isAll = entity is { ReadsEverything: true, IsComplete: true } && !isBackfill;
            var horizon = isAll && options.Prune != PruneMode.None ? entity.Horizon : null;
            if (await _merger.MergeAsync(connection, entity.Staged, horizon, isAll, steps, cancellationToken) is not { } counts)
                return null;

            entity.Refusals = counts.Errors;
            if (!isBackfill)
                await NoteRowsAsync(connection, counts, cancellationToken);
            entity.Rowless = counts.Rowless;
            var lags = await NoteFilledAsync(connection, counts, cancellationToken);
            var report = entity.Merged(counts, clock.GetUtcNow()) with
            {
                Unfilled = lags.Unfilled.Count > 0 ? lags.Unfilled : null,
                Outdated = lags.Outdated.Count > 0 ? lags.Outdated : null,
            };
            if (!isBackfill && counts.Prepared.HasEarlierRejects)
            {
                // What is mapped again may be older than what was rejected since, and is not written where its row has the same date.
                await (journal.Source.IsRead
                    ? RejectedRecords.SupersedeAsync(connection, journal.RunId, entity.Plan, entity.Staging.Name, isAll, cancellationToken)
                    : RejectedRecords.SupersedeSameVersionAsync(
                        connection, journal.RunId, entity.Plan, entity.Staging.Name, MergeSql.IsWrittenNow(entity.Plan), cancellationToken));
            }

            await journal.MergedAsync(connection, report, entity.StartedAt, cancellationToken, MergeStage.Line(report));
            entity.Rejects = report.Rejected > 0
                ? await journal.RejectsAsync(connection, entity.Plan.Name, RunFindings.MostRejects + 1, cancellationToken)
                : [];
            return (EntityReport?)report;
        },
        cancellationToken);

    // If Bubble and the table were shown to have the same records, with none added or deleted since, the next sync by counts may rely on it.
    private async Task NoteRowsAsync(NpgsqlConnection connection, EntityCounts counts, CancellationToken cancellationToken)
    {
        if (transactions.IsDryRun || entity is not { IsComplete: true, Bound: { } bound, Baseline: not null })
            return;

        var stretches = new RowStretches(entity.Plan, journal.Source.Address);
        if (!entity.ReadsEverything)
        {
            // What came or went after the count differs from the older note too.
            if (entity.Counted is { IsUnchangedSinceNote: true, Ids: not null } && !counts.HasNewRows)
            {
                await stretches.KeepAsync(connection, journal.RunId, bound, entity.Staging.Name, cancellationToken);
                return;
            }

            var living = new LivingRecords(entity.Plan, entity.Staging, journal.RunId, bound);
            if (entity.Counted?.Ids is not { } counted || (await living.CountAsync(connection, cancellationToken)).Ids != counted)
                return;
        }

        // Rows that Bubble does not have are left out; if there are none, staging is not searched.
        var staged = entity.ReadsEverything && counts.NotInBubble != 0 ? entity.Staging.Name : null;
        await stretches.RecordAsync(connection, journal.RunId, bound, entity.Undated, staged, cancellationToken);
    }

    // Returns the columns in which rows lag behind the map. Rejected records may have rows that a backfill did not reach.
    private async Task<ColumnLags> NoteFilledAsync(NpgsqlConnection connection, EntityCounts counts, CancellationToken cancellationToken)
    {
        if (transactions.IsDryRun)
            return ColumnLags.None;

        var filled = new FilledColumns(entity.Plan);
        var written = new WrittenColumns(
            counts.Inserted + counts.Updated > 0, counts.Conflicts + counts.Prepared.Rejected == 0, counts.Held,
            [.. counts.ClearRefused.Select(r => r.Column)]);
        var reachesAll = entity is { ReadsEverything: true, IsComplete: true } && counts.Prepared.Rejected == 0;
        var isWrittenAnew = counts.Prepared.IsFirstLoad || (reachesAll && options.Force);
        if (entity.Baseline is null || !(isWrittenAnew || (reachesAll && entity.Plan.Backfill is not null)))
        {
            Guid? verified = entity is { Baseline: not null, IsComplete: true } && entity.Plan.Backfill is null ? journal.RunId : null;
            return await filled.RecordWritesAsync(connection, verified, written, cancellationToken);
        }

        return await filled.RecordAllAsync(connection, journal.RunId, isWrittenAnew, written, cancellationToken);
    }

    // If the table refuses the dry run's own numbers (for example by a check that ids are positive), only the sequence's numbers fit.
    private bool TakeSequenceNumbers()
    {
        var isFirst = transactions.IsDryRun && !_takesSequenceNumbers;
        _takesSequenceNumbers = true;
        if (isFirst)
            _merger = new Merger(entity.Plan, entity.Staging, journal.RunId, options.Force, isDry: false, !options.PatchesAllRows, options.NextStep);
        return isFirst;
    }

    private Task<int> FindRefusedAsync(CancellationToken cancellationToken) => transactions.RunInTransactionAsync(
        IsolationLevel.RepeatableRead,
        entity.Plan.Name,
        c => new RefusedRecordSearch(entity.Plan, entity.Staging, options.Force, options.NextStep).RunAsync(c, cancellationToken),
        cancellationToken);

    // No transaction is open during a request to Bubble. A dry run keeps nothing and sends none.
    private async Task ReadAgainAsync(CancellationToken stop, CancellationToken cancellationToken)
    {
        var name = entity.Plan.Name;
        if (readAgain is not null && !transactions.IsDryRun)
        {
            var unread = await transactions.RunInTransactionAsync(
                IsolationLevel.ReadCommitted, name, c => _rejects.UnreadAsync(c, MostReadAgain, cancellationToken), cancellationToken);
            foreach (var ids in unread.Chunk(ReadAtOnce))
            {
                if (await TryReadAsync(readAgain, ids, stop) is not { } texts)
                    break;
                if (MaskedRecords.Of(entity.Plan) is { } masking)
                    texts = texts.ToDictionary(t => t.Key, t => masking.Text(t.Value));
                await transactions.RunInTransactionAsync(
                    IsolationLevel.ReadCommitted, name, c => _rejects.FillAsync(c, texts, cancellationToken), cancellationToken);
            }
        }

        var isExplained = !transactions.IsDryRun;
        await transactions.RunInTransactionAsync(
            IsolationLevel.ReadCommitted, name, c => _rejects.RebuildAsync(c, isExplained, cancellationToken), cancellationToken);
    }

    // If the source fails now, what was read must stay. If the calls are used up, the resumed run reads the records.
    private async Task<IReadOnlyDictionary<string, string>?> TryReadAsync(ReadRecords read, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        try
        {
            return await read(entity.Plan, ids, cancellationToken);
        }
        catch (SyncException failure) when (failure.Errors[0].Code != ErrorCode.CallBudget)
        {
            await journal.LogAsync(
                Severity.Warning, SyncStage.Load, entity.Plan.Name, null,
                $"{entity.Plan.Name}: records that the table refuses cannot be read again: {failure.Message} What is kept is rebuilt from their columns.",
                cancellationToken);
            return null;
        }
    }
}
