using System.Data;
using System.Runtime.CompilerServices;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Journal.Kept;

/// <summary>What runs did over time, and one run in its stages, from the control tables.</summary>
internal sealed class RunTrend(TargetDatabase database)
{
    // A run may have a million windows; a chart cannot show more of them one by one.
    private const string TicksPerEntity = "200";

    private const string RunsSql =
        $"""
        select r.run_id, r.kind, r.status, r.started_at, r.finished_at, r.status = 'running' and {RunLockSql.IsLeft},
          coalesce((case when jsonb_typeof(r.options) = 'object' then r.options ->> 'dryRun' end)::boolean, false), r.result ->> 'conclusion',
          coalesce(e.extracted, 0), coalesce(e.inserted, 0), coalesce(e.updated, 0), coalesce(e.unchanged, 0), coalesce(e.conflicts, 0),
          coalesce(e.rejected, 0), coalesce((r.result -> 'api' ->> 'calls')::bigint, 0), coalesce((r.result -> 'api' ->> 'retries')::bigint, 0),
          coalesce((r.result -> 'api' ->> 'throttled')::bigint, 0), coalesce((r.result -> 'api' ->> 'bytes')::bigint, 0)
        from bubblesync.run r
        left join lateral (
          select sum(extracted)::bigint as extracted, sum(inserted)::bigint as inserted, sum(updated)::bigint as updated, sum(unchanged)::bigint as unchanged,
            sum(conflicts)::bigint as conflicts, sum(rejected)::bigint as rejected
          from bubblesync.run_entity where run_id = r.run_id) e on true
        where r.target_schema = @schema
        order by r.started_at desc, r.run_id desc
        limit @most
        """;

    private const string SpansSql =
        """
        select entity, started_at, coalesce(finished_at, started_at) from bubblesync.run_entity
        where run_id = @run and started_at is not null
        order by level, entity
        """;

    private const string WindowsSql =
        $"""
        select entity, max(at), count(*), coalesce(sum(rows_read), 0)::bigint
        from (select *, min(at) over (partition by entity) as first, max(at) over (partition by entity) as last
          from bubblesync."window" where run_id = @run) w
        group by entity, width_bucket(extract(epoch from at), extract(epoch from first), extract(epoch from last) + 0.001, {TicksPerEntity})
        order by 1, 2
        """;

    /// <summary>Streams the latest runs over this schema, newest first.</summary>
    public async IAsyncEnumerable<RunPoint> ListAsync(int most, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
        await session.Connection.DisableStatementTimeoutAsync(cancellationToken);
        await foreach (var point in session.Connection.StreamAsync(RunsSql, Point, cancellationToken, ("schema", database.Schema), ("most", most)))
            yield return point;
    }

    /// <summary>Returns when a run read and merged each entity, and when its windows were staged; windows close together count as one.</summary>
    public Task<IReadOnlyList<EntitySpan>> TimelineAsync(Guid runId, CancellationToken cancellationToken) => database.RunAsync(
        async connection =>
        {
            var windows = await connection.RowsAsync(
                WindowsSql, r => (Entity: r.GetString(0), Tick: new WindowTick(r.GetFieldValue<DateTimeOffset>(1), r.GetInt64(2), r.GetInt64(3))),
                cancellationToken, ("run", runId));
            var byEntity = windows.ToLookup(w => w.Entity, w => w.Tick);
            return (IReadOnlyList<EntitySpan>)await connection.RowsAsync(
                SpansSql,
                r => new EntitySpan(
                    r.GetString(0), r.GetFieldValue<DateTimeOffset>(1), r.GetFieldValue<DateTimeOffset>(2), [.. byEntity[r.GetString(0)]]),
                cancellationToken, ("run", runId));
        },
        cancellationToken);

    /// <summary>Returns the address of the app that the schema mirrors; null if none is recorded.</summary>
    public Task<string?> SourceAsync(CancellationToken cancellationToken) => database.RunAsync(
        c => c.ScalarAsync<string>("select address from bubblesync.source where target_schema = @schema", cancellationToken, ("schema", database.Schema)),
        cancellationToken);

    private static RunPoint Point(NpgsqlDataReader r) => new(
        r.GetGuid(0), Word.Parse<RunKind>(r.GetString(1)), Word.Parse<RunStatus>(r.GetString(2)), r.GetFieldValue<DateTimeOffset>(3),
        r.IsDBNull(4) ? null : r.GetFieldValue<DateTimeOffset>(4))
    {
        Died = r.GetBoolean(5),
        DryRun = r.GetBoolean(6),
        Conclusion = r.IsDBNull(7) ? null : r.GetString(7),
        Extracted = r.GetInt64(8),
        Inserted = r.GetInt64(9),
        Updated = r.GetInt64(10),
        Unchanged = r.GetInt64(11),
        Conflicts = r.GetInt64(12),
        Rejected = r.GetInt64(13),
        Api = new ApiCounts(r.GetInt64(14), r.GetInt64(15), r.GetInt64(16), r.GetInt64(17)),
    };
}
