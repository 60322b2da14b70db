using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>What is staged, settled: of several readings of one record the one that counts, and marked what the table cannot take.</summary>
internal sealed class StagedRecords(EntityPlan plan, StagingTable staging, Guid runId)
{
    private readonly MergeSql _sql = new(plan, staging, force: false);
    private readonly UnfitRecords _unfit = new(plan, staging);

    /// <summary>Checks that staging is what was read, settles it and keeps the rejects; counts exactly.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="expected">What was staged, to be compared with what is there: a crash of the server empties staging.</param>
    /// <param name="nextStep">What finishes the run where it is not.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<SettledCounts> SettleAsync(NpgsqlConnection connection, StagedTotal expected, string nextStep, CancellationToken cancellationToken)
    {
        var keys = new RepeatedKeys(expected.Records);
        var staged = await SumAsync(connection, keys, cancellationToken);
        if (staged.Total != expected)
            throw new SyncException(new SyncError("load", plan.Name, null, null, "staging-lost", $"{plan.Name}: what is staged is not what was read ({staged.Total.Records} of {expected.Records} records, checksum {staged.Total.Checksum:x16} instead of {expected.Checksum:x16}): a crash of the server empties unlogged tables. To finish, {nextStep}."));

        await connection.ExecuteAsync(staging.Analyze, cancellationToken);
        var superseded = await TakeSupersededAsync(connection, keys, cancellationToken);
        var unfit = await _unfit.RejectAsync(connection, cancellationToken);
        var settled = staged - superseded;
        var rejected = settled.Rejected + unfit;
        await connection.ExecuteAsync(MergeSql.ForgetRejects, cancellationToken, Names);
        if (rejected > 0)
            await connection.ExecuteAsync(_sql.KeepRejects, cancellationToken, Names);
        return new SettledCounts(staged.Total.Records, staged.Total.Checksum, superseded.Total.Checksum, settled.Total.Records, rejected);
    }

    /// <summary>Reads back what is staged: records, their checksum, and how many were rejected; those without a usable id included.</summary>
    public Task<StagedSum> SumAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => SumAsync(connection, null, cancellationToken);

    /// <summary>How many different records are staged so far, and how many of them are rejected: what settling would leave.</summary>
    public async Task<(long Records, long Rejected)> CountDistinctAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.RowsAsync(_sql.CountDistinct, r => (r.GetInt64(0), r.GetInt64(1)), cancellationToken))[0];

    /// <summary>Keeps what was rejected so far, of a run that stops before it merges.</summary>
    public async Task<long> KeepRejectsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(MergeSql.ForgetRejects, cancellationToken, Names);
        return await connection.ExecuteAsync(_sql.KeepAllRejects, cancellationToken, Names);
    }

    private (string, object?)[] Names => [("run", runId), ("entity", plan.Name)];

    private async Task<StagedSum> SumAsync(NpgsqlConnection connection, RepeatedKeys? keys, CancellationToken cancellationToken)
    {
        var rows = await new StagedRows(plan.Key.Ordinal, keys).SumAsync(connection, staging.CopyOut, cancellationToken);
        var nameless = await connection.ScalarAsync<long>(staging.CountNameless, cancellationToken);
        return rows + new StagedSum(new StagedTotal(nameless, 0), nameless);
    }

    private async Task<StagedSum> TakeSupersededAsync(NpgsqlConnection connection, RepeatedKeys keys, CancellationToken cancellationToken) => keys.IsEmpty
        ? default
        : await new StagedRows(plan.Key.Ordinal).SumAsync(connection, _sql.TakeSuperseded(keys.Suspects), cancellationToken);
}

/// <summary>What was staged and what counts of it.</summary>
/// <param name="Staged">Records staged, those read twice counted twice.</param>
/// <param name="Checksum">The checksum of the rows as PostgreSQL gave them back.</param>
/// <param name="Superseded">Of this, what the readings make that another of the same record replaced.</param>
/// <param name="Extracted">Different records.</param>
/// <param name="Rejected">Of these, records that did not convert or that the table cannot take.</param>
internal sealed record SettledCounts(long Staged, ulong Checksum, ulong Superseded, long Extracted, long Rejected);
