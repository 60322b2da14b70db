using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>Brings one entity from staging into its table, inside the caller's transaction.</summary>
internal sealed class Merger(EntityPlan plan, StagingTable staging, Guid runId, bool force, string nextStep)
{
    // Below that, a table planned for one row costs less than looking at it.
    private const long Many = 1000;

    private MergeSql _sql = new(plan, staging, force);
    private HeldLinks _held = new(plan, staging);
    private readonly StagedRecords _records = new(plan, staging, runId);

    /// <summary>Merges what is staged; counts exactly.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="expected">What was staged, to be compared with what is there: a crash of the server empties staging.</param>
    /// <param name="horizon">What the reading could show, to count rows that Bubble no longer has; null where not everything that it has is staged.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<EntityCounts> MergeAsync(NpgsqlConnection connection, StagedTotal expected, Horizon? horizon, CancellationToken cancellationToken)
    {
        var settled = await _records.SettleAsync(connection, expected, nextStep, cancellationToken);
        (string, object?)[] names = [("run", runId), ("entity", plan.Name)];
        var refused = await KeepRefusedAsync(connection, cancellationToken);
        var found = await ClassifyAsync(connection, settled, horizon, cancellationToken);
        if (found.Conflicts > 0)
            await connection.ExecuteAsync(_sql.LogConflicts, cancellationToken, names);

        // Of rows that are all older than the table's the merge would write none, and find that out once more.
        var written = found.New + found.Newer > 0 ? await connection.ExecuteAsync(_sql.Merge(), cancellationToken) : 0;
        if (found.New > 0 && await connection.ScalarAsync<long>(_sql.CountKeptOut, cancellationToken) is > 0 and var keptOut)
            throw new SyncException(new SyncError("load", plan.Name, null, null, "rows-not-taken", $"{plan.Name}: a trigger of {plan.Table} kept {keptOut} of {found.New} new rows out, so that nothing of this entity was merged. Mend the trigger, then {nextStep}."));
        await _held.HoldAsync(connection, cancellationToken);
        if (found.Returned > 0)
            await connection.ExecuteAsync(_sql.Unmark, cancellationToken);

        if (written >= Many)
            await TellPlannerAsync(connection, names, cancellationToken);

        return new EntityCounts(settled, found.New, written - found.New, found.Conflicts, found.Gone) { AbsentKept = found.Kept, ClearRefused = refused };
    }

    // What may not be cleared is kept, by all that follows.
    private async Task<IReadOnlyList<ClearRefusal>> KeepRefusedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var refused = await new ClearGuard(plan, _sql).RefusedAsync(connection, cancellationToken);
        // Anew each time: a merge that collided is tried again.
        var keeping = plan.Keeping([.. refused.Select(r => r.Column)]);
        (_sql, _held) = (new MergeSql(keeping, staging, force), new HeldLinks(keeping, staging));
        return refused;
    }

    private async Task<Classes> ClassifyAsync(NpgsqlConnection connection, SettledCounts settled, Horizon? horizon, CancellationToken cancellationToken)
    {
        // A first load finds nothing to be held against.
        if (!await connection.ScalarAsync<bool>(_sql.HasRows, cancellationToken))
            return new Classes(settled.Extracted - settled.Rejected, 0, 0, 0, horizon is null ? null : 0, default);

        return (await connection.RowsAsync(
            _sql.Classify(horizon),
            r => new Classes(
                r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.IsDBNull(4) ? null : r.GetInt64(4), new AbsentKept(r.GetInt64(5), r.GetInt64(6))),
            cancellationToken))[0];
    }

    // Autovacuum gives way to who waits for a second; a vacuum that a user began does not, and the merge does not wait for that.
    private async Task TellPlannerAsync(NpgsqlConnection connection, (string, object?)[] names, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("savepoint merged; set local lock_timeout = '5s'", cancellationToken);
        try
        {
            // A dry run's transaction goes on, with the session's own limit.
            await connection.ExecuteAsync($"{_sql.Analyze}; release savepoint merged; set local lock_timeout to default", cancellationToken);
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            await connection.ExecuteAsync("rollback to savepoint merged", cancellationToken);
            await connection.ExecuteAsync(MergeSql.LogUncounted, cancellationToken, names);
        }
    }

    private sealed record Classes(long New, long Newer, long Conflicts, long Returned, long? Gone, AbsentKept Kept);
}
