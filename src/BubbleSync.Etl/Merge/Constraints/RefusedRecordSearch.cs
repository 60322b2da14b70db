using System.Globalization;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Staging;
using BubbleSync.Etl.Words;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge.Constraints;

/// <summary>
/// Finds the staged records that the table refuses, once a merge has failed: merges halves of what is staged, then halves of the halves that fail, until the
/// refused records are isolated. Of two records that exclude each other the first one read is kept. Everything that it writes is rolled back.
/// </summary>
/// <param name="plan">The entity.</param>
/// <param name="staging">Its staging.</param>
/// <param name="force">Whether Bubble's values win over local edits and over rows that are newer.</param>
/// <param name="nextStep">What finishes the run if it has to stop.</param>
internal sealed class RefusedRecordSearch(EntityPlan plan, StagingTable staging, bool force, string nextStep)
{
    private const int MostRefused = 10_000;
    private const int MostRounds = 500;

    // Records not tried again after these passes stay rejected.
    private const int MostPasses = 100;
    private const int MostReasons = 5;

    private readonly StagedRejects _rejects = new(plan, staging);
    private readonly List<RefusedRecord> _refused = [];
    private bool _takesSequenceNumbers;

    // Rows that are rolled back must not use up the numbers of sequences.
    private MergeSql _sql = new(plan, staging, force, ownNumbers: true);
    private UniqueExchange _exchange = new(plan, staging, force);
    private MergeSql _withSequences = new(plan, staging, force);

    /// <summary>Adds the records that the table refuses to the staged rejects; returns their number.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="SyncException">The table refuses too many records.</exception>
    public async Task<int> RunAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        _refused.Clear();
        _takesSequenceNumbers = false;
        await connection.ExecuteAsync("savepoint search", cancellationToken);
        await PrepareAsync(connection, cancellationToken);
        var round = 1;
        while (await FindAsync(connection, cancellationToken) && round < MostRounds)
            round++;

        await connection.ExecuteAsync("rollback to savepoint search; release savepoint search", cancellationToken);
        await _rejects.AddAsync(connection, _refused, cancellationToken);
        return _refused.Count;
    }

    // With the index a range is read without a scan of the rest.
    private async Task PrepareAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(_sql.DropSuperseded, cancellationToken);
        await _rejects.MarkAsync(connection, cancellationToken);
        var kept = await new ClearGuard(plan, _sql).RefusedAsync(connection, cancellationToken);
        var keeping = plan.Keeping([.. kept.Select(r => r.Column)]);
        (_sql, _exchange) = (new MergeSql(keeping, staging, force, ownNumbers: true), new UniqueExchange(keeping, staging, force));
        _withSequences = new MergeSql(keeping, staging, force);
        await connection.ExecuteAsync($"create index on {staging.Name} ({StagingLayout.Order})", cancellationToken);
        await connection.ExecuteAsync($"analyze {staging.Name} ({StagingLayout.Order}, {plan.Key.Quoted})", cancellationToken);
    }

    // A refused record keeps the old values of its row. If other records used these values while it was tried, the others must be tried again.
    private async Task<bool> FindAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("savepoint round", cancellationToken);
        var orders = await connection.RowsAsync(_sql.Written, r => r.GetInt64(0), cancellationToken);
        var freed = await _exchange.FreeAsync(connection, cancellationToken);
        var known = _refused.Count;
        await HalveAsync(connection, orders, cancellationToken);
        var found = _refused.Skip(known).Select(r => r.Order).ToArray();
        var isFinal = !found.Any(freed.Contains);
        if (isFinal)
            await TryAgainAsync(connection, cancellationToken);

        await connection.ExecuteAsync("rollback to savepoint round; release savepoint round", cancellationToken);
        await MarkAsync(connection, true, found, cancellationToken);
        return !isFinal;
    }

    // The record that excluded this one may itself be refused by now, or may have given the value up; each that fits may make room for another.
    private async Task TryAgainAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var open = _refused.Where(r => r.MayFitLater).ToList();
        await MarkAsync(connection, false, [.. open.Select(r => r.Order)], cancellationToken);
        var isAnyLoaded = true;
        for (var pass = 1; isAnyLoaded && pass <= MostPasses; pass++)
        {
            isAnyLoaded = false;
            foreach (var refused in open.ToList())
            {
                if (await TryAsync(connection, refused.Order, refused.Order, cancellationToken) is not null)
                    continue;
                isAnyLoaded = true;
                open.Remove(refused);
                _refused.Remove(refused);
            }
        }
    }

    private async Task MarkAsync(NpgsqlConnection connection, bool isRejected, long[] orders, CancellationToken cancellationToken) =>
        await connection.ExecuteAsync(
        $"update {staging.Name} set {StagingLayout.Rejected} = @rejected where {StagingLayout.Order} = any(@orders)",
        cancellationToken, ("rejected", isRejected), ("orders", orders));

    private async Task HalveAsync(NpgsqlConnection connection, List<long> orders, CancellationToken cancellationToken)
    {
        var open = new Stack<(int Start, int Count)>();
        open.Push((0, orders.Count));
        while (open.TryPop(out var part))
        {
            var (start, count) = part;
            if (count == 0 || await TryAsync(connection, orders[start], orders[start + count - 1], cancellationToken) is not { } refusal)
                continue;

            if (count > 1)
            {
                // The stack returns the first half first.
                open.Push((start + (count / 2), count - (count / 2)));
                open.Push((start, count / 2));
                continue;
            }

            if (await FitsWithSequenceNumbersAsync(connection, orders[start], refusal, cancellationToken))
                continue;

            _refused.Add(new RefusedRecord(orders[start], Field(refusal), Reason(refusal), !PostgresFailure.IsOfRecordAlone(refusal)));
            if (_refused.Count > MostRefused)
                throw TooMany();
        }
    }

    private async Task<PostgresException?> TryAsync(NpgsqlConnection connection, long first, long last, CancellationToken cancellationToken)
    {
        var part = string.Create(CultureInfo.InvariantCulture, $"s.{StagingLayout.Order} between {first} and {last}");
        try
        {
            await connection.ExecuteAsync($"savepoint part; {_sql.Merge(part)}; set constraints all immediate; release savepoint part", cancellationToken);
            return null;
        }
        catch (PostgresException failure) when (PostgresFailure.RefusesRecord(failure))
        {
            await connection.ExecuteAsync("rollback to savepoint part; release savepoint part", cancellationToken);
            return failure;
        }
    }

    // A table may refuse our own numbers (a check that ids are positive, partitions by id): from then on the sequence's numbers are used.
    private async Task<bool> FitsWithSequenceNumbersAsync(
        NpgsqlConnection connection, long order, PostgresException refusal, CancellationToken cancellationToken)
    {
        if (_takesSequenceNumbers || !await MayConcernNumbersAsync(connection, refusal, cancellationToken))
            return false;

        var before = _sql;
        _sql = _withSequences;
        _takesSequenceNumbers = await TryAsync(connection, order, order, cancellationToken) is null;
        if (!_takesSequenceNumbers)
            _sql = before;
        return _takesSequenceNumbers;
    }

    // A number of the sequence is used up only in this case.
    private async Task<bool> MayConcernNumbersAsync(NpgsqlConnection connection, PostgresException refusal, CancellationToken cancellationToken)
    {
        var numbered = plan.Target.Columns.Values.Where(c => c.IsNumbered || c.IsIdentityAlways).ToList();
        if (numbered.Count == 0)
            return false;
        if (refusal.ConstraintName is not { Length: > 0 } constraint || refusal.DataTypeName is { Length: > 0 })
            return refusal.Routine == "ExecFindPartition" || numbered.Exists(c => c.Domain == refusal.DataTypeName);

        return await connection.ScalarAsync<bool>(
            """
            select exists (
              select from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey)
              where k.conrelid = @table::regclass and k.conname = @name and a.attname = any(@numbered))
            """,
            cancellationToken, ("table", plan.Table), ("name", constraint), ("numbered", numbered.Select(c => c.Name).ToArray()));
    }

    private string Field(PostgresException refusal) =>
        Column(refusal) is { } column ? plan.Columns.FirstOrDefault(c => c.Name == column)?.Field ?? column
        : refusal.ConstraintName is { Length: > 0 } constraint ? constraint
        : BubbleField.Id;

    private string Reason(PostgresException refusal)
    {
        var reason = PostgresFailure.Refused(refusal);
        return refusal.DataTypeName is { Length: > 0 } && Column(refusal) is { } column ? $"column '{column}' of table '{plan.Target.Name}': {reason}" : reason;
    }

    // PostgreSQL names the domain, not the column.
    private string? Column(PostgresException refusal) => refusal.ColumnName is { Length: > 0 } column ? column
        : refusal.DataTypeName is { Length: > 0 } domain && plan.Target.Columns.Values.Where(c => c.Domain == domain).ToList() is [var only] ? only.Name
        : null;

    private SyncException TooMany()
    {
        var reasons = _refused.CountBy(r => r.Reason).OrderByDescending(r => r.Value).Select(r => Invariant($"{r.Value} times: {r.Key}")).ToList();
        return new SyncException(new SyncError(
            SyncStage.Load, plan.Name, null, null, ErrorCode.ConstraintViolated,
            $"{plan.Name}: the table refuses {_refused.Count} records or more, so that nothing of this entity was merged. "
            + $"{string.Join("; ", reasons.Take(MostReasons))}. Fix the table, then {nextStep}."));
    }
}
