using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Runs;

/// <summary>What runs that died left in staging. Call only under the lock of the entities: then no other run is at work on them.</summary>
internal static class StaleStaging
{
    // A staging table is named after its entity and the first 12 digits of its run's id (see StagingTable).
    private const string Sql =
        """
        select t.tablename
        from pg_tables t
        join bubblesync.run r on t.tablename like any (array[@entity || '_' || left(replace(r.run_id::text, '-', ''), 12), @entity || '_' || left(replace(r.run_id::text, '-', ''), 12) || '_reject'])
        where t.schemaname = 'bubblesync_staging' and r.target_schema = @schema and r.run_id <> @run
        """;

    /// <summary>Removes the staging of earlier runs of these entities, and closes runs that ended without a word.</summary>
    public static async Task ClearAsync(NpgsqlConnection connection, IEnumerable<EntityPlan> entities, string schema, Guid runId, CancellationToken cancellationToken)
    {
        foreach (var entity in entities)
        {
            var tables = await connection.RowsAsync(Sql, r => Identifier.Quote("bubblesync_staging", r.GetString(0)), cancellationToken, ("entity", entity.Name), ("schema", schema), ("run", runId));
            if (tables.Count > 0)
                await connection.ExecuteAsync($"drop table if exists {string.Join(", ", tables)}", cancellationToken);
        }
    }
}
