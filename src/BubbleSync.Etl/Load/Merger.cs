using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>Brings one entity from staging into its table, inside the caller's transaction.</summary>
internal sealed class Merger(EntityPlan plan, StagingTable staging, Guid runId, bool force)
{
    private readonly MergeSql _sql = new(plan, staging, force);
    private readonly HeldLinks _held = new(plan, staging);

    /// <summary>Merges what is staged; counts exactly.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="expected">Records that were staged, to be compared with those that are there: a crash of the server empties staging.</param>
    /// <param name="isComplete">Whether everything that Bubble has is staged, so that what is not has gone from Bubble.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<EntityCounts> MergeAsync(NpgsqlConnection connection, long expected, bool isComplete, CancellationToken cancellationToken)
    {
        var (rows, ids) = (await connection.RowsAsync(_sql.CountStaged, r => (r.GetInt64(0), r.GetInt64(1)), cancellationToken))[0];
        await connection.ExecuteAsync(staging.Analyze, cancellationToken);
        if (rows > ids)
            await connection.ExecuteAsync(_sql.DropSuperseded, cancellationToken);

        (string, object?)[] names = [("run", runId), ("entity", plan.Name)];
        var nameless = await connection.ScalarAsync<long>($"select count(*) from {staging.Rejects} where bubble_id is null", cancellationToken);
        if (rows + nameless != expected)
            throw new SyncException(new SyncError("load", plan.Name, null, null, "staging-lost", $"{plan.Name}: {rows + nameless} of {expected} staged records are there: the server lost its unlogged tables in a crash. Run the resync again."));

        var rejected = await connection.ScalarAsync<long>(_sql.CountRejected, cancellationToken);
        if (rejected > 0)
            await connection.ExecuteAsync(_sql.KeepRejects, cancellationToken, names);

        var conflicts = force ? 0 : await connection.ExecuteAsync(_sql.LogConflicts, cancellationToken, names);
        var gone = isComplete ? await connection.ScalarAsync<long>(_sql.CountNotInBubble, cancellationToken) : (long?)null;
        var before = await WrittenAsync(connection, cancellationToken);
        await connection.ExecuteAsync(_sql.Merge(), cancellationToken);
        var after = await WrittenAsync(connection, cancellationToken);
        await _held.HoldAsync(connection, cancellationToken);

        return new EntityCounts(rows + nameless, ids + nameless, after.Inserted - before.Inserted, after.Updated - before.Updated, conflicts, rejected, gone);
    }

    private async Task<(long Inserted, long Updated)> WrittenAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.RowsAsync(_sql.Written, r => (r.GetInt64(0), r.GetInt64(1)), cancellationToken))[0];
}
