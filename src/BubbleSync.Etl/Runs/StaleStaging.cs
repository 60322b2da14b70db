using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Runs;

/// <summary>Removes data of crashed runs.</summary>
internal static class StaleStaging
{
    private const string TablesSql =
        """
        select c.relname
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join unnest(@entities, @own) l (entity, own)
          on starts_with(obj_description(c.oid, 'pg_class'), l.entity) and not starts_with(obj_description(c.oid, 'pg_class'), l.own)
        where n.nspname = 'bubblesync_staging' and c.relkind = 'r'
        """;

    // Comparisons lock no table, only their id; the label ends with this id.
    private const string DeadComparisonsSql =
        $"""
        select c.relname
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join unnest(@entities) l (entity) on starts_with(obj_description(c.oid, 'pg_class'), l.entity)
        where n.nspname = 'bubblesync_staging' and c.relkind = 'r'
          and {RunLockSql.IsLabelLeft}
        """;

    private const string DeadRunsSql =
        $"""
        update bubblesync.run r set status = 'failed', finished_at = clock_timestamp()
        where status = 'running' and target_schema = @schema and run_id <> @run
          and {RunLockSql.IsLeft}
        """;

    /// <summary>
    /// Removes the staging of earlier runs of these entities, and closes runs that ended unexpectedly. Call only under the lock of the entities: then no other
    /// run uses them.
    /// </summary>
    public static async Task ClearAsync(
        NpgsqlConnection connection, IReadOnlyList<EntityPlan> entities, string schema, Guid runId, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(DeadRunsSql, cancellationToken, ("schema", schema), ("run", runId));
        var own = entities.Select(e => StagingLabel.OfRun(e, runId)).ToArray();
        await DropAsync(connection, TablesSql, [("entities", entities.Select(StagingLabel.Of).ToArray()), ("own", own)], cancellationToken);
        await ClearComparisonsAsync(connection, entities, cancellationToken);
    }

    /// <summary>Removes what an earlier attempt at a run staged of an entity with another map or for another table.</summary>
    public static Task ClearOtherLayoutsAsync(NpgsqlConnection connection, EntityPlan entity, Guid runId, CancellationToken cancellationToken) =>
        DropAsync(
            connection, TablesSql, [("entities", new[] { StagingLabel.OfRun(entity, runId) }), ("own", new[] { StagingLabel.Of(entity, runId) })],
            cancellationToken);

    /// <summary>Removes what crashed comparisons staged of these entities; needs no lock.</summary>
    public static Task ClearComparisonsAsync(NpgsqlConnection connection, IEnumerable<EntityPlan> entities, CancellationToken cancellationToken) =>
        DropAsync(connection, DeadComparisonsSql, [("entities", entities.Select(StagingLabel.OfComparison).ToArray())], cancellationToken);

    private static async Task DropAsync(NpgsqlConnection connection, string sql, (string, object?)[] parameters, CancellationToken cancellationToken)
    {
        var tables = await connection.RowsAsync(sql, r => Identifier.Quote("bubblesync_staging", r.GetString(0)), cancellationToken, parameters);
        if (tables.Count > 0)
            await connection.ExecuteAsync($"drop table if exists {string.Join(", ", tables)}", cancellationToken);
    }
}
