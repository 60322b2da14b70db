using System.Globalization;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>Takes rows away, or marks them, that Bubble no longer has. Only ids of Bubble's form: all others are local.</summary>
internal sealed class Pruner(EntityPlan plan, StagingTable staging, PruneMode mode, decimal limitPercent)
{
    private readonly string _key = plan.Key.Quoted;

    // A row that is marked already is not marked again, but may yet be deleted.
    private string Gone => GoneSql.Ids(plan, staging, unmarked: mode == PruneMode.Soft);

    /// <summary>Prunes what is gone; gives how many rows went, or why none may.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="report">What is known of the entity.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<(long Pruned, string? Refusal)> RunAsync(NpgsqlConnection connection, EntityReport report, CancellationToken cancellationToken)
    {
        var refusal = await RefusalAsync(connection, report, cancellationToken);
        return refusal is null ? await PruneAsync(connection, cancellationToken) : (0, refusal);
    }

    private async Task<string?> RefusalAsync(NpgsqlConnection connection, EntityReport report, CancellationToken cancellationToken)
    {
        if (report.Proof is not { IsComplete: true })
            return "its extraction is not shown to be complete";
        if (mode == PruneMode.Soft && !GoneSql.HasMark(plan))
            return $"table '{plan.Target.Name}' has no column {GoneSql.MarkName}";
        if (await connection.ScalarAsync<bool>($"select exists (select from {staging.Rejects} where bubble_id is null)", cancellationToken))
            return "records without a usable id came, and any row could be theirs";

        if (await connection.ScalarAsync<long>(staging.Count, cancellationToken) != report.Extracted)
            return "a crash of the server took what was staged";

        var (gone, all) = (await connection.RowsAsync(
            $"select (select count(*) from ({Gone}) gone), count(*) from {plan.Table} t where t.{_key} collate \"C\" ~ '{BubbleId.Pattern}'",
            r => (r.GetInt64(0), r.GetInt64(1)), cancellationToken))[0];
        if (gone > 0 && report.Extracted == 0)
            return $"Bubble sent no record at all, but the table has {all}: that looks like a lost right, not like {all} deletions";
        if (gone * 100m > limitPercent * all)
            return $"{gone} of {all} rows would go, more than {limitPercent.ToString(CultureInfo.InvariantCulture)} %: check the token's rights in Bubble, or allow it with --prune-limit";
        return gone > 0 && mode == PruneMode.Hard ? await new DeletionSequels(plan).FirstAsync(connection, Gone, cancellationToken) : null;
    }

    private async Task<(long Pruned, string? Refusal)> PruneAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("savepoint prune", cancellationToken);
        try
        {
            var pruned = await connection.ExecuteAsync(
                $"{(mode == PruneMode.Hard ? $"delete from {plan.Table} t using" : $"update {plan.Table} t set {GoneSql.Mark} = now() from")} ({Gone}) gone where t.{_key} = gone.id",
                cancellationToken);
            await connection.ExecuteAsync("set constraints all immediate; release savepoint prune", cancellationToken);
            return (pruned, null);
        }
        catch (PostgresException referenced) when (referenced.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            await connection.ExecuteAsync("rollback to savepoint prune", cancellationToken);
            return (0, $"constraint '{referenced.ConstraintName}' of table '{referenced.TableName}' still needs a row that would go");
        }
    }
}
