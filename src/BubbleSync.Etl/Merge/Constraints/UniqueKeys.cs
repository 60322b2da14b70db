using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Words;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge.Constraints;

/// <summary>The unique index that every key column must have: without it two writers could insert one record twice.</summary>
internal static class UniqueKeys
{
    private const int MostNamed = 10;

    /// <summary>Creates the index if it is missing and reports that; throws and names the duplicates if there are some.</summary>
    /// <returns>What was done, or null where there was nothing to do.</returns>
    public static async Task<string?> EnsureAsync(NpgsqlConnection connection, EntityPlan plan, bool dryRun, CancellationToken cancellationToken)
    {
        if (plan.HasUniqueKey)
            return null;

        await CheckAsync(connection, plan, cancellationToken);
        if (dryRun)
            return $"{plan.Name}: a run would make the missing unique index on '{plan.KeyName}'";

        await connection.ExecuteAsync(Ddl.UniqueIndex(plan.Table, plan.KeyName), cancellationToken);
        return $"{plan.Name}: made the missing unique index on '{plan.KeyName}'";
    }

    /// <summary>Throws if duplicates forbid the index, and names them.</summary>
    public static async Task CheckAsync(NpgsqlConnection connection, EntityPlan plan, CancellationToken cancellationToken)
    {
        var duplicates = await connection.RowsAsync(
            $"select {plan.Key.Quoted}, count(*) from {plan.Table} where {plan.Key.Quoted} is not null group by 1 having count(*) > 1 order by 2 desc, 1 "
                + $"limit {MostNamed + 1}",
            r => Invariant($"{r.GetString(0)} ({r.GetInt64(1)} rows)"),
            cancellationToken);
        if (duplicates.Count > 0)
        {
            var named = string.Join(", ", duplicates.Take(MostNamed)) + (duplicates.Count > MostNamed ? " and more" : "");
            throw new SyncException(
                new SyncError(SyncStage.Plan, plan.Name, null, plan.KeyName, ErrorCode.DuplicateKeys, $"{plan.Name}: column '{plan.KeyName}' of table "
                    + $"'{plan.Target.Name}' has no unique index, and duplicates forbid one: {named}. Remove the duplicates, then run again."));
        }
    }
}
