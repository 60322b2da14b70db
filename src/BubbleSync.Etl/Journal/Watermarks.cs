using System.Data;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Journal;

/// <summary>The watermarks: up to when each entity is known to match Bubble, which is the start of its last verified reading.</summary>
internal sealed class Watermarks(IReadOnlyDictionary<string, DateTimeOffset> marks)
{
    // What a run read is valid as of its start, on the slower clock; or as of an earlier moment that a user named since. Runs of programs that did not record
    // app, type, table and key count as long as the first run after them found the same ones.
    private const string Sql =
        """
        select e.entity, max(least(r.started_at, r.upper_bound, e.watermark_limit, t.watermark_limit)),
               (array_agg(e.extracted > e.rejected order by r.started_at desc) filter (where r.kind = 'resync'))[1]
        from bubblesync.run r join bubblesync.run_entity e using (run_id) left join bubblesync.run_target t using (run_id, entity)
        where r.target_schema = @schema and e.entity = @entity and r.kind in ('resync', 'incremental')
          and not coalesce((r.options ->> 'dryRun')::boolean, false) and not coalesce((r.options ->> 'backfill')::boolean, false)
          and coalesce((e.proof ->> 'isComplete')::boolean, false)
          and coalesce(t.identity, (
            select f.identity from bubblesync.run_target f join bubblesync.run o using (run_id)
            where o.target_schema = @schema and f.entity = e.entity order by f.at limit 1
          ), @identity) = @identity
        group by e.entity
        """;

    // The limit stands with the readings that were made or begun until then, so that no clock decides which ones it concerns: a run that died may be resumed.
    private const string LimitSql =
        """
        with begun as (
          update bubblesync.run_target t set watermark_limit = least(t.watermark_limit, @to)
          from bubblesync.run r
          where r.run_id = t.run_id and r.target_schema = @schema and t.entity = @entity and r.kind in ('resync', 'incremental'))
        update bubblesync.run_entity e set watermark_limit = least(e.watermark_limit, @to)
        from bubblesync.run r
        where r.run_id = e.run_id and r.target_schema = @schema and e.entity = @entity and r.kind in ('resync', 'incremental')
        """;

    /// <summary>Reads the watermarks of entities.</summary>
    /// <param name="database">The target.</param>
    /// <param name="entities">The entities.</param>
    /// <param name="isAll">Whether these are all entities.</param>
    /// <param name="source">The app that is read.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SyncException">An entity has no valid watermark: a usage error.</exception>
    public static async Task<Watermarks> ReadAsync(
        TargetDatabase database, IReadOnlyList<EntityPlan> entities, bool isAll, MirroredSource source, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
        var (marks, missing) = (new Dictionary<string, DateTimeOffset>(), new List<(string Entity, string Why)>());
        foreach (var plan in entities)
        {
            var (mark, why) = await FindAsync(session.Connection, database.Schema, plan, source.Address, cancellationToken);
            marks[plan.Name] = mark;
            if (why is not null)
                missing.Add((plan.Name, why));
        }

        return missing.Count == 0 ? new Watermarks(marks) : throw Nothing(missing, isAll && missing.Count == entities.Count);
    }

    /// <summary>Sets the watermarks of entities back, all of them or none. The caller holds the locks of their tables.</summary>
    /// <param name="database">The target.</param>
    /// <param name="entities">The entities.</param>
    /// <param name="source">The address of the app.</param>
    /// <param name="to">The moment, before their watermarks.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SyncException">One has no watermark, or an earlier one: a usage error.</exception>
    public static async Task<WatermarkResetReport> SetBackAsync(
        TargetDatabase database, IReadOnlyList<EntityPlan> entities, string source, DateTimeOffset to, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
        var (resets, faults) = (new List<WatermarkReset>(), new List<SyncError>());
        foreach (var plan in entities)
        {
            var (mark, why) = await FindAsync(session.Connection, database.Schema, plan, source, cancellationToken);
            if (why is not null)
                faults.Add(Fault(plan, $"there is no watermark to set back: {why}. A resync makes one."));
            else if (to >= mark)
                faults.Add(Fault(plan, $"the watermark is {UtcText.Of(mark)}, and it can only be set back. Name an earlier time."));
            else
                resets.Add(new WatermarkReset(plan.Name, mark, to));
        }

        if (faults.Count > 0)
            throw new SyncException(faults);

        foreach (var plan in entities)
            await LimitAsync(session.Connection, database.Schema, plan.Name, to, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return new WatermarkResetReport(resets) { Target = database.Place };
    }

    /// <summary>Limits the watermark of an entity to a moment, for all readings that were made or begun until now.</summary>
    /// <param name="connection">A connection.</param>
    /// <param name="schema">The schema of the target tables.</param>
    /// <param name="entity">The entity.</param>
    /// <param name="to">The moment.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static Task<long> LimitAsync(NpgsqlConnection connection, string schema, string entity, DateTimeOffset to, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(LimitSql, cancellationToken, ("to", to), ("schema", schema), ("entity", entity));

    private static SyncError Fault(EntityPlan plan, string message) =>
        new(SyncStage.Settings, plan.Name, null, "--to", ErrorCode.NoWatermark, $"{plan.Name}: {message}");

    /// <summary>Returns the watermark of an entity.</summary>
    public DateTimeOffset Of(EntityPlan plan) => marks[plan.Name];

    /// <summary>
    /// Throws if a watermark lies after the upper bound of a run by more than the overlap: then records changed before it that no run has read.
    /// </summary>
    /// <exception cref="SyncException">A watermark does: a usage error.</exception>
    public void RequireBefore(DateTimeOffset bound, TimeSpan overlap)
    {
        var ahead = marks.Where(m => m.Value - overlap > bound)
            .Select(m => (m.Key, $"the watermark ({UtcText.Of(m.Value)}) lies in the future: a clock was ahead when it was noted"))
            .ToList();
        if (ahead.Count > 0)
            throw Nothing(ahead, isAll: false);
    }

    // One error for each reason, because the reason is usually the same for all entities.
    private static SyncException Nothing(IEnumerable<(string Entity, string Why)> missing, bool isAll) =>
        new([.. missing.GroupBy(m => m.Why, m => m.Entity).Select(m => new SyncError(
            SyncStage.Settings, m.First(), null, null, ErrorCode.NoWatermark,
            $"{string.Join(", ", m)}: there is nothing to start from: {m.Key}. "
            + (isAll ? "Run a resync first." : "Run a resync of these entities first."))
        {
            Next = new NextAction(NextActionKind.ResyncEntities) { Entities = isAll ? [] : [.. m] },
        })]);

    /// <summary>Returns the watermark of an entity, or why there is no valid one.</summary>
    /// <param name="connection">A connection.</param>
    /// <param name="schema">The schema of the target tables.</param>
    /// <param name="plan">The entity.</param>
    /// <param name="source">The address of the app.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<(DateTimeOffset Mark, string? Why)> FindAsync(
        NpgsqlConnection connection, string schema, EntityPlan plan, string source, CancellationToken cancellationToken)
    {
        var identity = await connection.ScalarAsync<string>($"select {TargetBaseline.IdentitySql(plan)}", cancellationToken, ("source", source));
        var found = await connection.RowsAsync(
            Sql, r => (Mark: r.GetFieldValue<DateTimeOffset>(1), HadRows: !r.IsDBNull(2) && r.GetBoolean(2)),
            cancellationToken, ("schema", schema), ("entity", plan.Name), ("identity", identity));
        if (found.Count == 0)
            return (default, "no run has read this app and type completely into this table yet");

        var isEmptied = found[0].HadRows && !await connection.ScalarAsync<bool>($"select exists (select from {plan.Table})", cancellationToken);
        return (found[0].Mark, isEmptied ? "the table is empty, though runs have filled it" : null);
    }
}
