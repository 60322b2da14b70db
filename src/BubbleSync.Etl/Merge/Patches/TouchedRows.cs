using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Staging;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge.Patches;

/// <summary>
/// Notes the rows that a run writes, in the transaction that writes them, until all patches have seen them (<see cref="PatchPass"/>). So a run that is killed
/// leaves the rows to the next one. Many rows are noted as all rows of the schema.
/// </summary>
/// <param name="schema">The schema of the target tables.</param>
/// <param name="runId">The run.</param>
internal sealed class TouchedRows(string schema, Guid runId)
{
    /// <summary>The entity that stands for all rows of the schema.</summary>
    public const string All = "";

    /// <summary>The most rows noted at a time. For more, a pass over all rows costs less than to look up each of them.</summary>
    public const int MostListed = 10_000;

    private const string Insert = "insert into bubblesync.touched_row (target_schema, run_id, entity, bubble_id";

    private (string, object?)[] Names => [("schema", schema), ("run", runId)];

    /// <summary>
    /// Returns the statement that notes the rows of a query of their ids; if there are more than <see cref="MostListed"/>, it notes that all rows of the schema
    /// may have been written. Parameters <c>@schema</c>, <c>@run</c>, <c>@entity</c>.
    /// </summary>
    public static string Note(string ids) => Invariant($"""
        {Insert}) select @schema, @run, n.entity, n.bubble_id from (
          with written as materialized (select w.id from ({ids}) w (id) limit {MostListed + 1}), number as materialized (select count(*) as rows from written)
          select @entity, w.id from written w cross join number n where n.rows <= {MostListed}
          union all
          select '{All}', @entity from number n where n.rows > {MostListed}) n (entity, bubble_id)
        on conflict do nothing
        """);

    /// <summary>Notes the rows that a merge has written.</summary>
    /// <param name="connection">The connection with the transaction of the merge.</param>
    /// <param name="plan">The entity.</param>
    /// <param name="staging">Its staging.</param>
    /// <param name="written">How many rows were written; null if all rows are to be noted, because unknown ones may have been written too.</param>
    /// <param name="isStamped">Whether each written row has the time of the transaction. If not, all that are staged count.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task NoteMergedAsync(
        NpgsqlConnection connection, EntityPlan plan, StagingTable staging, long? written, bool isStamped, CancellationToken cancellationToken)
    {
        if (written is null or > MostListed)
            return NoteAllAsync(connection, plan.Name, cancellationToken);

        // A trigger may have changed the time of a row.
        var isWritten = isStamped && plan.Target.Triggers.Count == 0
            ? $"{ClockSql.Stored(plan, "t", Clocks.SyncedAt)} is not distinct from {ClockSql.Cut(plan, Clocks.SyncedAt, "now()")}"
            : "true";
        var ids = $"""
            select t.{plan.Key.Quoted}::text from {staging.Name} s join {plan.Table} t on t.{plan.Key.Quoted} = s.{plan.Key.Quoted}
            where not s.{StagingLayout.Rejected} and {isWritten}
            """;
        return connection.ExecuteAsync(Note(ids), cancellationToken, [.. Names, ("entity", plan.Name)]);
    }

    /// <summary>Notes that all rows of the schema may have been written.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="by">What wrote: merges of several entities note it at the same time, and would wait for each other if the row were the same.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task NoteAllAsync(NpgsqlConnection connection, string by, CancellationToken cancellationToken) =>
        connection.ExecuteAsync($"{Insert}) values (@schema, @run, '{All}', @by) on conflict do nothing", cancellationToken, [.. Names, ("by", by)]);

    /// <summary>
    /// Notes what a patch wrote: for the patches after it in this run, and for those before it in the next run. So these notes stay when the pass ends.
    /// </summary>
    /// <param name="connection">The connection with the transaction of the patch.</param>
    /// <param name="patch">The patch.</param>
    /// <param name="rows">The rows that it returned.</param>
    /// <param name="wroteOthers">Whether it may have written others.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task NoteByPatchAsync(
        NpgsqlConnection connection, string patch, IReadOnlyList<TouchedRow> rows, bool wroteOthers, CancellationToken cancellationToken)
    {
        IReadOnlyList<TouchedRow> noted = wroteOthers || rows.Count > MostListed ? [new TouchedRow(All, patch)] : [.. rows.Distinct()];
        return connection.ExecuteAsync(
            $"""
            {Insert}, by_patch) select @schema, @run, w.entity, w.id, true from unnest(@entities, @ids) w (entity, id)
            on conflict (run_id, target_schema, entity, bubble_id) do update set by_patch = true where not touched_row.by_patch
            """,
            cancellationToken, [.. Names, ("entities", noted.Select(r => r.Entity).ToArray()), ("ids", noted.Select(r => r.BubbleId).ToArray())]);
    }
}

/// <summary>A row that was written.</summary>
internal readonly record struct TouchedRow(string Entity, string BubbleId);
