using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Merge.Constraints;
using BubbleSync.Etl.Merge.Links;
using BubbleSync.Etl.Merge.Patches;
using BubbleSync.Etl.Merge.Pruning;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Staging;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge;

/// <summary>Merges one entity from staging into its table, inside the caller's transaction.</summary>
/// <param name="plan">The entity.</param>
/// <param name="staging">Its staging.</param>
/// <param name="runId">The run.</param>
/// <param name="force">Whether Bubble's values win over local edits and over rows that are newer.</param>
/// <param name="isDry">Whether everything is rolled back; then no numbers of sequences may be used up.</param>
/// <param name="notesRows">Whether rows are noted one by one for patches; false in a run whose patches look at all rows.</param>
/// <param name="nextStep">What finishes the run if it has to stop.</param>
internal sealed class Merger(EntityPlan plan, StagingTable staging, Guid runId, bool force, bool isDry, bool notesRows, string nextStep)
{
    // For fewer rows, a plan for one row costs less than counting them.
    private const long Many = 1000;

    private readonly StagedRecords _records = new(plan, staging, runId);
    private MergeSql _sql = new(plan, staging, force, isDry);
    private UniqueExchange _exchange = new(plan, staging, force);
    private DeferredForeignKeys _held = new(plan, staging);
    private bool _wroteElsewhere;

    /// <summary>
    /// Merges what is staged; counts exactly. Returns null, and merges nothing, where records were found that the table cannot take and whose text is to be
    /// read again first.
    /// </summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="expected">What was staged, to be compared with what is there: a crash of the server empties staging.</param>
    /// <param name="horizon">The limit of the reading, to count rows that Bubble no longer has; null unless everything that it has is staged.</param>
    /// <param name="isAll">Whether everything that Bubble has is staged, so that records that are older there than here are an error.</param>
    /// <param name="steps">How the rows are written.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<EntityCounts?> MergeAsync(
        NpgsqlConnection connection, StagedTotal expected, Horizon? horizon, bool isAll, MergeSteps steps, CancellationToken cancellationToken)
    {
        if (!staging.IsMade)
            return EntityCounts.None;
        if (await _records.PrepareAsync(connection, expected, nextStep, cancellationToken) is not { } prepared)
            return null;

        (string, object?)[] names = [("run", runId), ("entity", plan.Name)];
        var refused = await KeepRefusedAsync(connection, cancellationToken);
        var found = await ClassifyAsync(connection, prepared, horizon, isAll && !force, cancellationToken);
        var rowless = plan.Backfill is null ? 0 : found.New;
        var held = plan.Backfill is null ? [] : await HeldAsync(connection, cancellationToken);
        if (plan.Backfill is not null)
            found = found with { New = 0, Newer = plan.Backfill.Columns.Count == 0 ? 0 : found.Newer, Returned = 0 };
        if (found.Conflicts > 0)
            await connection.ExecuteAsync(_sql.LogConflicts, cancellationToken, names);

        var updated = await WriteAsync(connection, found, steps, cancellationToken);
        IReadOnlyList<SyncError> marked = found.Returned > 0 ? await new DeletionMarks(plan, staging).RemoveAsync(connection, cancellationToken) : [];
        long? written = !notesRows || prepared.IsFirstLoad || _wroteElsewhere ? null : found.New + updated + found.Returned;
        // A backfill leaves the times of the rows as they are.
        var isStamped = found.Returned == 0 && plan.Backfill is null;
        if (found.New + updated + found.Returned > 0)
            await new TouchedRows(plan.Schema, runId).NoteMergedAsync(connection, plan, staging, written, isStamped, cancellationToken);

        if (found.New + updated >= Many)
            await TellPlannerAsync(connection, names, cancellationToken);

        return new EntityCounts(prepared, found.New, updated, found.Conflicts, found.Gone)
        {
            AbsentKept = found.Kept,
            ClearRefused = refused,
            Errors = found.Older > 0 ? [.. marked, OlderRecords.Error(plan, found.Older)] : marked,
            HasNewRows = found.New + found.Returned > 0,
            Rowless = rowless,
            Held = held,
        };
    }

    // The columns of a backfill in which rows keep another value than Bubble has.
    private async Task<IReadOnlyList<string>> HeldAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (_sql.Holding.Count == 0)
            return [];
        var counts = (await connection.RowsAsync(_sql.CountHeld, r => r.GetFieldValue<long[]>(0), cancellationToken))[0];
        return [.. _sql.Holding.Zip(counts).Where(c => c.Second > 0).Select(c => c.First.Name)];
    }

    // Columns that may not be cleared are kept in all following statements.
    private async Task<IReadOnlyList<ClearRefusal>> KeepRefusedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var refused = await new ClearGuard(plan, _sql).RefusedAsync(connection, cancellationToken);
        // Created anew each time, because a merge that collided is tried again.
        var keeping = plan.Keeping([.. refused.Select(r => r.Column)]);
        (_sql, _exchange, _held) =
            (new MergeSql(keeping, staging, force, isDry), new UniqueExchange(keeping, staging, force), new DeferredForeignKeys(keeping, staging));
        return refused;
    }

    // Returns how many rows it updated. If all rows are older than those of the table, the merge would write none.
    private async Task<long> WriteAsync(NpgsqlConnection connection, Classes found, MergeSteps steps, CancellationToken cancellationToken)
    {
        if (found.New + found.Newer == 0)
        {
            await _held.HoldAsync(connection, cancellationToken);
            return 0;
        }

        // In two steps rows are written twice, so that their number does not show what triggers wrote.
        return await OwnWrites.WriteAsync(
            connection, plan.Mirror, steps != MergeSteps.AtOnce || plan.Backfill is not null ? [plan.OwnTable] : [],
            async () =>
            {
                var updated = await MergeAsync(connection, found, steps, cancellationToken);
                await _held.HoldAsync(connection, cancellationToken);
                // A backfill writes into rows that were edited here, too.
                return plan.Backfill is null ? new OwnWrite<long>(updated, plan.Name, found.New + updated) : new OwnWrite<long>(updated);
            },
            cancellationToken, othersWritten: () => _wroteElsewhere = true);
    }

    // Rows that a trigger keeps out are found by counting, because a trigger may change their values.
    private async Task<long> MergeAsync(NpgsqlConnection connection, Classes found, MergeSteps steps, CancellationToken cancellationToken)
    {
        var mayKeepOut = plan.Target.Triggers.Any(t => t.KeepsInserts || t.KeepsUpdates);
        long? wanted = steps != MergeSteps.AtOnce || mayKeepOut ? await connection.ScalarAsync<long>(_sql.CountUpdates, cancellationToken) : null;
        if (steps != MergeSteps.AtOnce)
            await _exchange.FreeAsync(connection, cancellationToken);

        var before = await CountWritesAsync(connection, cancellationToken);
        var written = steps == MergeSteps.OneByOne
            ? await MergeOneByOneAsync(connection, cancellationToken)
            : await connection.ExecuteAsync(_sql.Merge(), cancellationToken);
        await CheckUndoneAsync(connection, found.New, written, before, cancellationToken);
        if (wanted is not { } updates)
            return written - found.New;
        if (written == found.New + updates)
            return await PutBackAsync(connection, cancellationToken) is > 0 and var putBack
                ? throw UntakenRows.Error(plan, nextStep, Keeping, (0, found.New), (putBack, updates))
                : updates;

        // A row that a trigger stored in another table, and that is visible in this one, was not kept out.
        var inserts = await CountKeptOutAsync(connection, cancellationToken);
        var keptUpdates = plan.Target.Triggers.Any(t => t.KeepsUpdates) || !mayKeepOut ? found.New + updates - written - inserts : 0;
        return inserts + keptUpdates == 0 ? updates : throw UntakenRows.Error(plan, nextStep, Keeping, (inserts, found.New), (keptUpdates, updates));
    }

    // Each record that fits may give up a value that another one waits for. Returns how many rows were written.
    private async Task<long> MergeOneByOneAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var open = await connection.RowsAsync(_sql.Written, r => r.GetInt64(0), cancellationToken);
        var written = 0L;
        PostgresException? refusal = null;
        for (var left = open.Count + 1; open.Count > 0 && open.Count < left;)
        {
            left = open.Count;
            foreach (var order in open.ToList())
            {
                await connection.ExecuteAsync("savepoint one", cancellationToken);
                try
                {
                    written += await connection.ExecuteAsync(_sql.Merge(Invariant($"s.{StagingLayout.Order} = {order}")), cancellationToken);
                    await connection.ExecuteAsync("release savepoint one", cancellationToken);
                    open.Remove(order);
                }
                catch (PostgresException failure) when (PostgresFailure.RefusesRecord(failure))
                {
                    refusal = failure;
                    await connection.ExecuteAsync("rollback to savepoint one; release savepoint one", cancellationToken);
                }
            }
        }

        return open.Count == 0 ? written : throw refusal!;
    }

    private IEnumerable<TriggerInfo> Keeping => plan.Target.Triggers.Where(t => t.KeepsInserts || t.KeepsUpdates);

    private async Task<WriteCounts?> CountWritesAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        plan.Target.MayBeStamped ? await WriteCounts.ReadAsync(connection, [plan.OwnTable], cancellationToken) : null;

    // A trigger that fires after a row was written may delete the row, or restore the old one. Only rows that are written again can show that.
    private async Task CheckUndoneAsync(NpgsqlConnection connection, long inserted, long written, WriteCounts? before, CancellationToken cancellationToken)
    {
        if (!plan.Target.MayBeStamped)
            return;

        await connection.ExecuteAsync("set constraints all immediate", cancellationToken);
        if (before is not null && await CountWritesAsync(connection, cancellationToken) is { } after
            && after.DeletedSince(before, plan.Name) == 0 && after.WrittenSince(before, plan.Name) <= written)
            return;

        var deleted = await CountKeptOutAsync(connection, cancellationToken);
        var putBack = written > inserted ? await connection.ScalarAsync<long>(_sql.CountPutBack, cancellationToken) : 0;
        if (deleted + putBack > 0)
            throw UntakenRows.Error(plan, nextStep, plan.Target.Triggers, (deleted, inserted), (putBack, written - inserted));
    }

    // A backfill inserts no record.
    private async Task<long> CountKeptOutAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        plan.Backfill is null ? await connection.ScalarAsync<long>(_sql.CountKeptOut, cancellationToken) : 0;

    private async Task<long> PutBackAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        plan.Target.Triggers.Any(t => t.KeepsUpdates) ? await connection.ScalarAsync<long>(_sql.CountPutBack, cancellationToken) : 0;

    private async Task<Classes> ClassifyAsync(
        NpgsqlConnection connection, StagedCounts prepared, Horizon? horizon, bool countOlder, CancellationToken cancellationToken)
    {
        // A first load has no rows to compare with.
        if (prepared.IsFirstLoad)
            return new Classes(prepared.Extracted - prepared.Rejected, 0, 0, 0, horizon is null ? null : 0, default, 0);

        return (await connection.RowsAsync(
            _sql.Classify(countGone: horizon is not null, countOlder),
            r => new Classes(
                r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.IsDBNull(4) ? null : r.GetInt64(4), new AbsentKept(r.GetInt64(5), r.GetInt64(6)),
                r.GetInt64(7)),
            cancellationToken, [.. DeletedInSourceSql.Parameters(horizon), ("run", runId)]))[0];
    }

    // Autovacuum stops if a session waits one second for it; a user's vacuum does not, and the merge does not wait for it.
    private async Task TellPlannerAsync(NpgsqlConnection connection, (string, object?)[] names, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("savepoint merged; set local lock_timeout = '5s'", cancellationToken);
        try
        {
            // The transaction goes on with its own limit: "to default" would be the server's.
            await connection.ExecuteAsync(
                Invariant($"{_sql.Analyze}; release savepoint merged; set local lock_timeout = '{TargetDatabase.LockTimeoutSeconds}s'"), cancellationToken);
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            await connection.ExecuteAsync("rollback to savepoint merged", cancellationToken);
            await connection.ExecuteAsync(MergeSql.LogUncounted, cancellationToken, names);
        }
    }

    private sealed record Classes(long New, long Newer, long Conflicts, long Returned, long? Gone, AbsentKept Kept, long Older);
}
