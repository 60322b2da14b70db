using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Constraints;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Staging;
using BubbleSync.Etl.Words;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge;

/// <summary>The staged records, prepared for the merge: one valid reading of each record, and marks on those that the table cannot take.</summary>
internal sealed class StagedRecords(EntityPlan plan, StagingTable staging, Guid runId)
{
    private readonly MergeSql _sql = new(plan, staging, force: false);
    private readonly ConstraintCheck _unfit = new(plan, staging);
    private readonly StagedRejects _rejects = new(plan, staging);

    /// <summary>
    /// Checks that staging has what was read, prepares it and keeps the rejects; counts exactly. Returns null where there are records that the table refuses
    /// and whose text is still to be read again: they are staged as rejects by then, and nothing else is changed.
    /// </summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="expected">What was staged, to be compared with what is there: a crash of the server empties staging.</param>
    /// <param name="nextStep">What finishes the run if it has not.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<StagedCounts?> PrepareAsync(NpgsqlConnection connection, StagedTotal expected, string nextStep, CancellationToken cancellationToken)
    {
        var keys = new RepeatedKeys(expected.Records);
        var (staged, start) = await SumAsync(connection, keys, cancellationToken);
        if (staged.Total != expected)
            throw Lost(staged, expected, nextStep);

        // Without it, PostgreSQL expects hundreds of rows and would scan the target table for a few.
        if (expected.Records > 0)
            await connection.ExecuteAsync(staging.Analyze(expected.Records), cancellationToken);
        if (start.Unread + await _unfit.RejectAsync(connection, cancellationToken) > 0)
            return null;

        var superseded = await TakeSupersededAsync(connection, keys, cancellationToken);
        var refused = start.Named > 0 ? await _rejects.MarkAsync(connection, cancellationToken) : 0;
        var prepared = staged - superseded;
        var rejected = prepared.Rejected + refused;
        if (start.AreKept)
            await connection.ExecuteAsync(MergeSql.ForgetRejects, cancellationToken, Names);
        if (rejected > 0)
            await connection.ExecuteAsync(_sql.KeepRejects, cancellationToken, Names);
        return new StagedCounts(
            staged.Total.Records, staged.Total.Checksum, superseded.Total.Checksum, prepared.Total.Records, rejected, start.IsTableEmpty, start.HasEarlier);
    }

    /// <summary>The same for a run that compares and loads nothing: what is shown of a record that the table refuses is rebuilt from its columns.</summary>
    public async Task<StagedCounts> PrepareAtOnceAsync(NpgsqlConnection connection, StagedTotal expected, string nextStep, CancellationToken cancellationToken)
    {
        if (await PrepareAsync(connection, expected, nextStep, cancellationToken) is { } prepared)
            return prepared;

        await _rejects.RebuildAsync(connection, isExplained: false, cancellationToken);
        return (await PrepareAsync(connection, expected, nextStep, cancellationToken))!;
    }

    /// <summary>Reads back what is staged: records, their checksum, and how many were rejected; those without a usable id included.</summary>
    public async Task<StagedSum> SumAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await SumAsync(connection, null, cancellationToken)).Sum;

    /// <summary>How many different records are staged so far, and how many of them are rejected.</summary>
    public async Task<(long Records, long Rejected)> CountDistinctAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.RowsAsync(_sql.CountDistinct, r => (r.GetInt64(0), r.GetInt64(1)), cancellationToken))[0];

    /// <summary>Keeps what was rejected so far, of a run that stops before it merges.</summary>
    public async Task<long> KeepRejectsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await RejectedRecords.SupersedeOtherVersionsAsync(connection, runId, plan, staging.Name, cancellationToken);
        await connection.ExecuteAsync(MergeSql.ForgetRejects, cancellationToken, Names);
        return await connection.ExecuteAsync(_sql.KeepAllRejects, cancellationToken, Names);
    }

    private (string, object?)[] Names => [("run", runId), ("entity", plan.Name)];

    private async Task<(StagedSum Sum, MergeStart Start)> SumAsync(NpgsqlConnection connection, RepeatedKeys? keys, CancellationToken cancellationToken)
    {
        var rows = await new StagedRows(plan.Key.Ordinal, keys).SumAsync(connection, staging.CopyOut, cancellationToken);
        var start = await _rejects.ReadMergeStartAsync(connection, runId, cancellationToken);
        return (rows + new StagedSum(new StagedTotal(start.Nameless, 0), start.Nameless), start);
    }

    private SyncException Lost(StagedSum staged, StagedTotal expected, string nextStep) => new(new SyncError(
        SyncStage.Load, plan.Name, null, null, ErrorCode.StagingLost,
        Invariant($"{plan.Name}: what is staged is not what was read ({staged.Total.Records} of {expected.Records} records, ")
        + $"checksum {staged.Total.Checksum:x16} instead of {expected.Checksum:x16}): a crash of the server empties unlogged tables. To finish, {nextStep}."));

    private async Task<StagedSum> TakeSupersededAsync(NpgsqlConnection connection, RepeatedKeys keys, CancellationToken cancellationToken) => keys.IsEmpty
        ? default
        : await new StagedRows(plan.Key.Ordinal).SumAsync(connection, _sql.TakeSuperseded(keys.Suspects), cancellationToken);
}

/// <summary>What was staged, and the valid part.</summary>
/// <param name="Staged">Records staged, those read twice counted twice.</param>
/// <param name="Checksum">The checksum of the rows as PostgreSQL gave them back.</param>
/// <param name="Superseded">The part of it that belongs to replaced readings.</param>
/// <param name="Extracted">Different records.</param>
/// <param name="Rejected">Of these, records that did not convert or that the table cannot take.</param>
/// <param name="IsFirstLoad">Whether the table is empty.</param>
/// <param name="HasEarlierRejects">Whether rejects of earlier runs are kept that are not outdated.</param>
internal sealed record StagedCounts(
    long Staged, ulong Checksum, ulong Superseded, long Extracted, long Rejected, bool IsFirstLoad, bool HasEarlierRejects);
