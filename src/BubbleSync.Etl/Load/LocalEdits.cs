using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>
/// The rows of an entity that are edited here, listed before a patch, a restored link or a mark of deletion is written into some of them. Where a trigger
/// stamps that write, the row must go on to count as edited. The list is a table that lives no longer than the transaction.
/// </summary>
internal sealed class LocalEdits
{
    private readonly EntityPlan _plan;
    private readonly string _table = Identifier.Quote(StagingTable.Schema, $"edits_{Guid.NewGuid():N}");

    private LocalEdits(EntityPlan plan) => _plan = plan;

    /// <summary>The condition that leaves these rows out; <c>t</c> is the table.</summary>
    public string Excluded => $"and not exists (select from {_table} e where e.id = t.{_plan.Key.Quoted})";

    /// <summary>Lists the rows; null where no trigger can stamp them.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="plan">The entity.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<LocalEdits?> ListAsync(NpgsqlConnection connection, EntityPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Target.Triggers.Count == 0)
            return null;

        var edits = new LocalEdits(plan);
        await connection.ExecuteAsync(
            $"""
            create unlogged table {edits._table} as
            select t.{plan.Key.Quoted} as id from {plan.Table} t where {LocalEditSql.IsEdited(plan, "null::timestamptz")}
            """,
            cancellationToken);
        return edits;
    }

    /// <summary>Drops the list.</summary>
    public Task DropAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteAsync($"drop table {_table}", cancellationToken);
}
