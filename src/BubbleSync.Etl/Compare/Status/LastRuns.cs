using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Compare.Status;

/// <summary>What the journal says of the present state: the last run of each entity, and patches that failed.</summary>
internal static class LastRuns
{
    // Each entity has an index scan of its own, which ends with the first run that was to read the entity. A first look and a backfill read none as a whole. An
    // incremental sync that compared no numbers says nothing of what one before it found by comparing.
    private const string EntitiesSql =
        $"""
        select n.entity, l.run_id, l.kind, l.status, l.started_at, l.finished_at, l.died, l.is_unverified, array(
          select x ->> 'code' from jsonb_array_elements(l.errors) x where x ->> 'entity' = n.entity or x ->> 'entity' is null
          union
          select x ->> 'code' from jsonb_array_elements(c.errors) x where x ->> 'entity' = n.entity and x ->> 'code' = any(@compared))
        from unnest(@entities) n (entity)
        cross join lateral (
          select r.run_id, r.kind, r.status, r.started_at, r.finished_at, r.status = 'running' and {RunLockSql.IsLeft} as died,
            coalesce(not (e.proof ->> 'isComplete')::boolean and e.proof ->> 'part' is null, false) as is_unverified, {Errors} as errors
          from {Reading} order by r.started_at desc limit 1) l
        left join lateral (
          select {Errors} as errors from {Reading} and (r.kind = 'resync' or r.options ->> 'prune' is distinct from 'none')
          order by r.started_at desc limit 1) c on true
        """;

    private const string Errors = "case when jsonb_typeof(r.result -> 'errors') = 'array' then r.result -> 'errors' else '[]' end";

    private const string Reading =
        """
        bubblesync.run r left join bubblesync.run_entity e on e.run_id = r.run_id and e.entity = n.entity
          where r.target_schema = @schema and r.kind in ('resync', 'incremental') and not coalesce((r.options ->> 'dryRun')::boolean, false)
            and not coalesce((r.options ->> 'backfill')::boolean, false) and r.options ->> 'mostRecords' is null
            and (e.entity is not null or coalesce(r.options -> 'entities', '[]') = '[]' or r.options -> 'entities' ? n.entity)
        """;

    // What a comparison of numbers or of all records finds.
    private static readonly string[] Compared = [Word.Of(ErrorCode.OlderInBubble), Word.Of(ErrorCode.Unproved), Word.Of(ErrorCode.TooManyGone)];

    private const string PatchesSql =
        """
        select f.name, f.error from (
          select distinct on (p ->> 'name') p ->> 'name' as name, p ->> 'status' as status, p ->> 'error' as error
          from (select r.started_at, r.result from bubblesync.run r
                where r.target_schema = @schema and not coalesce((case when jsonb_typeof(r.options) = 'object' then r.options ->> 'dryRun' end)::boolean, false)
                  and jsonb_typeof(r.result -> 'patches') = 'array' order by r.started_at desc limit 50) r, jsonb_array_elements(r.result -> 'patches') p
          order by p ->> 'name', r.started_at desc) f
        where f.status = 'failed' order by f.name
        """;

    /// <summary>Returns the last resync or incremental sync of each entity that has one, whether it did not verify the entity, and its errors.</summary>
    public static async Task<IReadOnlyDictionary<string, (StatusRun Run, bool IsUnverified, IReadOnlyList<ErrorCode> Errors)>> ReadAsync(
        NpgsqlConnection connection, string schema, IEnumerable<string> entities, CancellationToken cancellationToken) =>
        (await connection.RowsAsync(
            EntitiesSql,
            r => (Entity: r.GetString(0), Run: new StatusRun(
                r.GetGuid(1), Word.Parse<RunKind>(r.GetString(2)), Word.Parse<RunStatus>(r.GetString(3)), r.GetFieldValue<DateTimeOffset>(4),
                r.IsDBNull(5) ? null : r.GetFieldValue<DateTimeOffset>(5), r.GetBoolean(6)), IsUnverified: r.GetBoolean(7),
                Errors: (IReadOnlyList<ErrorCode>)[.. r.GetFieldValue<string[]>(8).Select(Word.Parse<ErrorCode>)]),
            cancellationToken, ("schema", schema), ("entities", entities.ToArray()), ("compared", Compared)))
        .ToDictionary(r => r.Entity, r => (r.Run, r.IsUnverified, r.Errors));

    /// <summary>Returns the patches that failed when they ran last, each with its error.</summary>
    public static async Task<IReadOnlyList<(string Name, string Error)>> FailedPatchesAsync(
        NpgsqlConnection connection, string schema, CancellationToken cancellationToken) =>
        await connection.RowsAsync(
            PatchesSql, r => (r.GetString(0), r.IsDBNull(1) ? "" : r.GetString(1)), cancellationToken, ("schema", schema));
}
