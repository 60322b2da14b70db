using BubbleSync.Etl.Journal.Lags;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Merge.Links;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Compare.Status;

/// <summary>What the table of an entity and the control tables say of its state. Nothing is written.</summary>
internal sealed record TableSide
{
    /// <summary>All rows.</summary>
    public required long Rows { get; init; }

    /// <summary>Rows with ids of Bubble's form that are neither marked as deleted nor known to be.</summary>
    public required long Expected { get; init; }

    /// <summary>Rows that are known to be deleted in Bubble, and not marked.</summary>
    public required long NotInBubble { get; init; }

    /// <summary>Rejected records that are open.</summary>
    public required long Rejected { get; init; }

    /// <summary>Of these, records that have no row.</summary>
    public required long RejectedWithoutRow { get; init; }

    /// <summary>The run that rejected one of them last.</summary>
    public required Guid? RejectedBy { get; init; }

    /// <summary>Different link targets that no table has.</summary>
    public required long MissingLinks { get; init; }

    /// <summary>Columns in which rows lag behind the map.</summary>
    public required ColumnLags Lags { get; init; }

    /// <summary>Rows that were edited on both sides and kept, and that no run has written since.</summary>
    public long Conflicts { get; init; }

    /// <summary>The run that kept one of them last.</summary>
    public Guid? KeptBy { get; init; }

    /// <summary>Differences that a comparison found, and no comparison of all records or forced resync has settled since.</summary>
    public long Differences { get; init; }

    /// <summary>Reads it.</summary>
    /// <param name="connection">A connection.</param>
    /// <param name="plan">The entity; its table has all the columns that the map writes.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<TableSide> ReadAsync(NpgsqlConnection connection, EntityPlan plan, CancellationToken cancellationToken)
    {
        (string, object?)[] names = [("schema", plan.Schema), ("entity", plan.Name)];
        var (rows, expected, gone) = (await connection.RowsAsync(
            RowsSql(plan), r => (r.GetInt64(0), r.GetInt64(1), r.GetInt64(2)), cancellationToken, names))[0];
        var (rejected, withoutRow, by) = (await connection.RowsAsync(
            RejectedSql(plan), r => (r.GetInt64(0), r.GetInt64(1), r.IsDBNull(2) ? (Guid?)null : r.GetGuid(2)), cancellationToken, names))[0];
        var searches = new MissingLinks(plan, null).Searches(isStaged: false).ToList();
        var missing = searches.Count == 0 ? 0 : await connection.ScalarAsync<long>(
            $"select count(*) from ({string.Join(" union all ", searches)}) m", cancellationToken, ("run", Guid.Empty));
        var lags = await new FilledColumns(plan).LagsAsync(connection, cancellationToken);
        var (kept, keptBy) = (await connection.RowsAsync(
            ConflictsSql(plan), r => (r.GetInt64(0), r.IsDBNull(1) ? (Guid?)null : r.GetGuid(1)), cancellationToken, names))[0];
        return new TableSide
        {
            Rows = rows,
            Expected = expected,
            NotInBubble = gone,
            Rejected = rejected,
            RejectedWithoutRow = withoutRow,
            RejectedBy = by,
            MissingLinks = missing,
            Lags = lags,
            Conflicts = kept,
            KeptBy = keptBy,
            Differences = await connection.ScalarAsync<long>(DifferencesSql, cancellationToken, names),
        };
    }

    // Only these runs look at all records. Rejected records, and rows without a record, are counted apart.
    private const string DifferencesSql =
        """
        with of_entity as (
          select r.* from bubblesync.run r
          where r.target_schema = @schema and r.kind in ('verify', 'resync') and r.finished_at is not null and jsonb_typeof(r.options) = 'object'
            and (coalesce(r.options -> 'entities', '[]') = '[]' or r.options -> 'entities' ? @entity)),
        settled as (
          select max(started_at) as at from of_entity
          where status = 'succeeded' and case kind
            when 'verify' then options ->> 'since' is null and options ->> 'sample' is null and not coalesce((options ->> 'byCounts')::boolean, false)
            else coalesce((options ->> 'force')::boolean, false) and not coalesce((options ->> 'dryRun')::boolean, false)
              and options ->> 'mostRecords' is null end)
        select coalesce((
          select found.differences from (
            select r.started_at, (select count(*) from bubblesync.difference d where d.run_id = r.run_id and d.entity = @entity
                and d.verdict not in ('rejected', 'extra')) as differences
            from of_entity r, settled s where r.kind = 'verify' and (s.at is null or r.started_at >= s.at)) found
          where found.differences > 0 order by found.started_at desc limit 1), 0)
        """;

    private static string RowsSql(EntityPlan plan)
    {
        var isUnmarked = DeletionMark.IsIn(plan) ? $"t.{DeletionMark.Quoted} is null" : "true";
        return $"""
            select count(*), count(*) filter (where r.is_living and not r.is_gone), count(*) filter (where r.is_living and r.is_gone)
            from (
              select {BubbleId.IsOfForm($"t.{plan.Key.Quoted}")} and {isUnmarked} as is_living, exists (
                select from bubblesync.not_in_bubble n
                where n.target_schema = @schema and n.entity = @entity and n.bubble_id = t.{plan.Key.Quoted}) as is_gone
              from {plan.Table} t) r
            """;
    }

    // An edit here leaves last_synced_at as it is.
    private static string ConflictsSql(EntityPlan plan) =>
        $"""
        select count(distinct l.bubble_id), (array_agg(l.run_id order by l.at desc))[1]
        from bubblesync.run_entity e
        join bubblesync.run r on r.run_id = e.run_id and r.target_schema = @schema and not coalesce((r.options ->> 'dryRun')::boolean, false)
        join bubblesync.activity_log l on l.run_id = e.run_id and l.entity = e.entity and l.message like '{MergeSql.KeptConflict}%'
        join {plan.Table} t on t.{plan.Key.Quoted} = l.bubble_id
        where e.entity = @entity and e.conflicts > 0 and coalesce({ClockSql.Stored(plan, "t", Clocks.SyncedAt)} < l.at, true)
        """;

    // A record that a backfill rejects has its row, without the value.
    private static string RejectedSql(EntityPlan plan) =>
        $"""
        select count(distinct j.record), count(distinct j.record) filter (where not j.has_row), (array_agg(j.run_id order by j.started_at desc))[1]
        from (
          select coalesce(x.bubble_id, x.raw) as record, x.run_id, r.started_at,
            exists (select from {plan.Table} t where t.{plan.Key.Quoted} = x.bubble_id) as has_row
          from bubblesync.rejected_record x join bubblesync.run r using (run_id)
          where r.target_schema = @schema and x.entity = @entity and x.superseded_by is null
            and r.kind not in ('verify', 'audit values') and not coalesce((r.options ->> 'dryRun')::boolean, false)) j
        """;
}
