using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Staging;
using BubbleSync.Etl.Words;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge.Pruning;

/// <summary>Removes the mark of deletion from rows of which Bubble sent a record again.</summary>
internal sealed class DeletionMarks(EntityPlan plan, StagingTable staging)
{
    // Each takes a statement. If there are more, the others wait for the next run.
    private const int MostSingly = 10_000;

    private readonly string _key = plan.Key.Quoted;

    private string Remove => $"update {plan.Table} t set {DeletionMark.Quoted} = null from {staging.Name} s where {IsReturned}";

    private string IsReturned => $"s.{_key} = t.{_key} and t.{DeletionMark.Quoted} is not null";

    /// <summary>Removes the marks; returns those that the table keeps.</summary>
    public Task<IReadOnlyList<SyncError>> RemoveAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => OwnWrites.WriteAsync(
        connection, plan.Mirror, [plan.OwnTable],
        async () => new OwnWrite<IReadOnlyList<SyncError>>(await TryAllAsync(connection, cancellationToken)), cancellationToken);

    // A row without its mark may violate a rule, such as a unique index over rows without a mark.
    private async Task<IReadOnlyList<SyncError>> TryAllAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var errors = new List<SyncError>();
        if (await connection.TryAsync(Remove, cancellationToken) is not null)
        {
            var ids = await connection.RowsAsync(
                Invariant($"select distinct t.{_key}::text from {plan.Table} t join {staging.Name} s on {IsReturned} order by 1 limit {MostSingly}"),
                r => r.GetString(0), cancellationToken);
            foreach (var id in ids)
            {
                if (await connection.TryAsync($"{Remove} and s.{_key}::text = @id", cancellationToken, ("id", id)) is { } refusal)
                {
                    var reason = PostgresFailure.Refused(refusal);
                    errors.Add(Error(id, $"{plan.Name} {id}: Bubble has its record again, but {reason}. The row stays marked in {DeletionMark.Name}."));
                }
            }
        }

        var kept = await connection.ScalarAsync<long>(
            $"select count(distinct t.{_key}) from {plan.Table} t join {staging.Name} s on {IsReturned}", cancellationToken) - errors.Count;
        if (kept > 0)
        {
            errors.Add(Error(null, Invariant($"{plan.Name}: rows that stay marked in {DeletionMark.Name} though Bubble has their records again, and ")
                + Invariant($"table {plan.Table} refuses none: {kept}. A trigger that fires before an update keeps the marks; fix it.")));
        }

        return errors;
    }

    private SyncError Error(string? id, string message) => new(SyncStage.Load, plan.Name, id, DeletionMark.Name, ErrorCode.MarkKept, message);
}
