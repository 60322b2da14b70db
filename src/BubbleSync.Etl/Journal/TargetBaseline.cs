using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Journal;

/// <summary>What a run found when it began to read an entity. A resumed run keeps what its first attempt found.</summary>
/// <param name="IsSame">Whether app, type, table and key are still those of the first attempt. If not, the results of the first attempt do not apply.</param>
/// <param name="Snapshot">What the database had committed by then, as <c>pg_snapshot</c>: rows that came later are in none of the run's readings.</param>
/// <param name="LivingRows">Rows with ids of Bubble's form that were not marked as deleted; null where they were not counted.</param>
internal sealed record TargetBaseline(bool IsSame, string Snapshot, long? LivingRows)
{
    /// <summary>Returns what the run's first attempt found of the entity; reads it now if this is the first.</summary>
    /// <param name="connection">A connection to the target.</param>
    /// <param name="runId">The run.</param>
    /// <param name="plan">The entity.</param>
    /// <param name="source">The app's address.</param>
    /// <param name="countsRows">Whether to count the living rows, which scans the whole table.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<TargetBaseline> TakeAsync(
        NpgsqlConnection connection, Guid runId, EntityPlan plan, string source, bool countsRows, CancellationToken cancellationToken) =>
        (await connection.RowsAsync(
            $"""
            with now as (select {IdentitySql(plan)} as identity),
            taken as (
              insert into bubblesync.run_target (run_id, entity, identity, snapshot, living_rows)
              select @run, @entity, now.identity, pg_current_snapshot(), {(countsRows ? LivingSql(plan) : "null")} from now
              on conflict (run_id, entity) do nothing
              returning identity, snapshot, living_rows
            ),
            found as (select * from taken union all select identity, snapshot, living_rows from bubblesync.run_target where run_id = @run and entity = @entity)
            select found.identity = now.identity, found.snapshot::text, found.living_rows from found, now
            """,
            r => new TargetBaseline(r.GetBoolean(0), r.GetString(1), r.IsDBNull(2) ? null : r.GetInt64(2)),
            cancellationToken, ("run", runId), ("entity", plan.Name), ("source", source)))[0];

    /// <summary>
    /// An expression: what the entity is. App, Bubble type, key, and table by its name and its oid, which changes when the table is created again.
    /// Parameter <c>@source</c>.
    /// </summary>
    public static string IdentitySql(EntityPlan plan) =>
        $"concat_ws(' ', @source, {TableSql(plan)})";

    /// <summary>An expression: what the entity is, whatever the address of its app.</summary>
    public static string TableSql(EntityPlan plan) =>
        $"concat_ws(' ', {Identifier.Literal(plan.BubbleType)}, {Identifier.Literal(plan.Table)}, "
        + $"{Identifier.Literal(plan.Table)}::regclass::oid, {Identifier.Literal(plan.KeyName)})";

    private static string LivingSql(EntityPlan plan) =>
        $"""
        (select count(*) from {plan.Table} t
         where {BubbleId.IsOfForm($"t.{plan.Key.Quoted}")} {(DeletionMark.IsIn(plan) ? $"and t.{DeletionMark.Quoted} is null" : "")})
        """;
}
