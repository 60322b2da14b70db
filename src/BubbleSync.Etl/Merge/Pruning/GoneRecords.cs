using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Staging;
using Npgsql;

namespace BubbleSync.Etl.Merge.Pruning;

/// <summary>The notes of ids that Bubble does not have although they are in rows.</summary>
internal sealed class GoneRecords(EntityPlan plan, StagingTable staging, Guid runId)
{
    private readonly string _key = plan.Key.Quoted;

    private (string, object?)[] Names => [("schema", plan.Schema), ("entity", plan.Name), ("run", runId)];

    /// <summary>Notes ids that Bubble does not have: they are left out from now on, and rejected records of these ids are outdated.</summary>
    public async Task AddAsync(NpgsqlConnection connection, IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        await connection.ExecuteAsync(
            $"""
            insert into bubblesync.not_in_bubble (target_schema, entity, bubble_id, run_id)
            select @schema, @entity, g.id, @run from unnest(@ids) g (id)
            on conflict (target_schema, entity, bubble_id) do update set run_id = excluded.run_id;
            update bubblesync.rejected_record x set superseded_by = @run
            from bubblesync.run r
            where r.run_id = x.run_id and r.target_schema = @schema and x.entity = @entity and x.superseded_by is null and x.bubble_id = any(@ids)
            """,
            cancellationToken, [("ids", ids.ToArray()), .. Names]);

    /// <summary>
    /// Returns ids whose records may have come back with their old dates, so that Bubble sends them as no change: the noted ones, those first that were last
    /// requested the longest ago, then rows that are marked as deleted, the latest marked first.
    /// </summary>
    public async Task<IReadOnlyList<(string Id, bool IsNoted)>> FindAsync(NpgsqlConnection connection, int most, CancellationToken cancellationToken)
    {
        // Run ids begin with the time of the run.
        var marked = DeletionMark.IsIn(plan)
            ? $"""
              union all
              (select t.{_key}::text, 1, null, {ClockSql.Stored(plan, "t", DeletionMark.Name)} from {plan.Table} t
               where t.{DeletionMark.Quoted} is not null and {BubbleId.IsOfForm($"t.{_key}")}
                 and not exists (select from {staging.Name} s where s.{_key} = t.{_key})
               order by 4 desc limit @most)
              """
            : "";
        return await connection.RowsAsync(
            $"""
            select k.id, k.place = 0 from (
              (select n.bubble_id as id, 0 as place, n.run_id, null::timestamptz as marked_at from bubblesync.not_in_bubble n
               where n.target_schema = @schema and n.entity = @entity and not exists (select from {staging.Name} s where s.{_key} = n.bubble_id)
               order by n.run_id limit @most)
              {marked}) k
            order by k.place, k.run_id, k.marked_at desc limit @most
            """,
            r => (r.GetString(0), r.GetBoolean(1)), cancellationToken, ("schema", plan.Schema), ("entity", plan.Name), ("most", most));
    }

    /// <summary>Removes noted ids whose record Bubble sent again, or which are in no living row; returns how many, and how many remain.</summary>
    public async Task<(long Removed, long Remaining)> CountAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var isUnmarked = DeletionMark.IsIn(plan) ? $"t.{DeletionMark.Quoted} is null" : "true";
        var removed = await connection.ExecuteAsync(
            $"""
            delete from bubblesync.not_in_bubble n
            where n.target_schema = @schema and n.entity = @entity and (
              exists (select from {staging.Name} s where s.{_key} = n.bubble_id)
              or not exists (select from {plan.Table} t where t.{_key} = n.bubble_id and {isUnmarked}))
            """,
            cancellationToken, Names);
        var remaining = await connection.ScalarAsync<long>(
            "select count(*) from bubblesync.not_in_bubble where target_schema = @schema and entity = @entity and @run is not null", cancellationToken, Names);
        return (removed, remaining);
    }
}
