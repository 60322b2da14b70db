using System.Data;
using BubbleSync.Etl.Load;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Graph;

/// <summary>Prunes after all merges, highest level first, so that rows go before those they point to.</summary>
internal sealed class PruneStage(ResyncOptions options, TargetTransactions transactions, RunFindings findings)
{
    /// <summary>Prunes one entity, or says why not; takes the mark off records that came back.</summary>
    public async Task<EntityReport> RunAsync(EntityRun entity, CancellationToken cancellationToken)
    {
        var pruner = new Pruner(entity.Plan, entity.Staging);
        try
        {
            var (refusal, pruned) = await transactions.InOneAsync(IsolationLevel.ReadCommitted, c => PruneAsync(pruner, entity, c, cancellationToken), cancellationToken);
            if (refusal is not null)
                findings.Errors.Add(new SyncError("load", entity.Plan.Name, null, null, "prune-refused", $"{entity.Plan.Name}: nothing was pruned: {refusal}."));
            return entity.Report with { Pruned = pruned };
        }
        catch (PostgresException referenced) when (referenced.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            findings.Errors.Add(new SyncError("load", entity.Plan.Name, null, null, "prune-refused", $"{entity.Plan.Name}: nothing was pruned: constraint '{referenced.ConstraintName}' of table '{referenced.TableName}' still needs a row that would go."));
            return entity.Report;
        }
    }

    private async Task<(string? Refusal, long Pruned)> PruneAsync(Pruner pruner, EntityRun entity, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await pruner.WelcomeBackAsync(connection, cancellationToken);
        if (options.Prune is PruneMode.None or PruneMode.Report)
            return (null, 0);

        var refusal = await pruner.RefusalAsync(connection, options.Prune, options.PruneLimitPercent, entity.Report, cancellationToken);
        return (refusal, refusal is null ? await pruner.PruneAsync(connection, options.Prune, cancellationToken) : 0);
    }
}
