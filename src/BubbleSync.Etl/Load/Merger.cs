using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>Brings one entity from staging into its table, inside the caller's transaction.</summary>
internal sealed class Merger(EntityPlan plan, StagingTable staging, Guid runId, bool force)
{
    private readonly MergeSql _sql = new(plan, staging, force);
    private readonly HeldLinks _held = new(plan, staging);
    private readonly UnfitRecords _unfit = new(plan, staging);

    /// <summary>Merges what is staged; counts exactly.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="expected">What was staged, to be compared with what is there: a crash of the server empties staging.</param>
    /// <param name="countGone">Whether to count rows that Bubble no longer has; only where everything that it has is staged.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<EntityCounts> MergeAsync(NpgsqlConnection connection, StagedTotal expected, bool countGone, CancellationToken cancellationToken)
    {
        var checksum = await StagedRows.ChecksumAsync(connection, staging, cancellationToken);
        var (records, _) = await CountAsync(connection, cancellationToken);
        if (new StagedTotal(records, checksum) != expected)
            throw new SyncException(new SyncError("load", plan.Name, null, null, "staging-lost", $"{plan.Name}: what is staged is not what was read ({records} of {expected.Records} records, checksum {checksum:x16} instead of {expected.Checksum:x16}): a crash of the server empties unlogged tables. Go on with 'bubblesync resync --resume', which reads this entity again."));

        await connection.ExecuteAsync(staging.Analyze, cancellationToken);
        await connection.ExecuteAsync(_sql.DropSuperseded, cancellationToken);
        await _unfit.RejectAsync(connection, cancellationToken);
        var (extracted, rejected) = await CountAsync(connection, cancellationToken);
        (string, object?)[] names = [("run", runId), ("entity", plan.Name)];
        await connection.ExecuteAsync(MergeSql.ForgetRejects, cancellationToken, names);
        if (rejected > 0)
            await connection.ExecuteAsync(_sql.KeepRejects, cancellationToken, names);

        var (inserted, conflicts) = (await connection.RowsAsync(_sql.Classify, r => (r.GetInt64(0), r.GetInt64(1)), cancellationToken))[0];
        if (conflicts > 0)
            await connection.ExecuteAsync(_sql.LogConflicts, cancellationToken, names);

        var gone = countGone ? await connection.ScalarAsync<long>(_sql.CountNotInBubble, cancellationToken) : (long?)null;
        var written = await connection.ExecuteAsync(_sql.Merge(), cancellationToken);
        await _held.HoldAsync(connection, cancellationToken);

        return new EntityCounts(records, checksum, extracted, inserted, written - inserted, conflicts, rejected, gone);
    }

    /// <summary>Keeps what was rejected so far, of a run that stops before it merges.</summary>
    public async Task<long> KeepRejectsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        (string, object?)[] names = [("run", runId), ("entity", plan.Name)];
        await connection.ExecuteAsync(MergeSql.ForgetRejects, cancellationToken, names);
        return await connection.ExecuteAsync(_sql.KeepAllRejects, cancellationToken, names);
    }

    private async Task<(long Records, long Rejected)> CountAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.RowsAsync(staging.Count, r => (r.GetInt64(0), r.GetInt64(1)), cancellationToken))[0];
}
