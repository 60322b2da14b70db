using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>
/// Records the rows that this program wrote and whose <c>updated_at</c> a trigger then stamped later than <c>last_synced_at</c>, so that they do not look
/// edited by hand. Only tables with triggers need it.
/// </summary>
internal static class OwnWrites
{
    /// <summary>Records what the open transaction has written so far of an entity's table.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="plan">The entity.</param>
    /// <param name="except">Rows that stay as edited as they are; null where Bubble's values went over all edits, or where no row can be edited.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task RecordAsync(NpgsqlConnection connection, EntityPlan plan, LocalEdits? except, CancellationToken cancellationToken)
    {
        if (plan.Target.Triggers.Count == 0)
            return;

        await connection.ExecuteAsync(Record(plan, except), cancellationToken, ("schema", plan.Schema), ("entity", plan.Name));
        if (except is not null)
            await except.DropAsync(connection, cancellationToken);
    }

    // A transaction without an id has written nothing, a list of edits included; then the table is not read. A visible row version whose writer is in
    // progress is our own, subtransactions included: rows of others are visible only once committed. A row stores 32 bits of the writer's id,
    // pg_xact_status takes 64: id(writer) = id(own) + age(own) - age(xmin).
    private static string Record(EntityPlan plan, LocalEdits? except) =>
        $"""
        insert into bubblesync.own_write (target_schema, entity, bubble_id, updated_at)
        select @schema, @entity, t.{plan.Key.Quoted}, t.{Identifier.Quote(Clocks.UpdatedAt)}
        from {plan.Table} t
        cross join (select pg_current_xact_id()::text::bigint as id, age(pg_current_xact_id()::xid) as age offset 0) x
        where pg_current_xact_id_if_assigned() is not null and {LocalEditSql.IsAfterSync} and t.{plan.Key.Quoted} is not null and case when age(t.xmin) <= x.age
          then pg_xact_status((x.id + x.age - age(t.xmin))::text::xid8) = 'in progress' else false end
          {except?.Excluded}
        on conflict (target_schema, entity, bubble_id) do update set updated_at = excluded.updated_at
        where own_write.updated_at is distinct from excluded.updated_at
        """;
}
