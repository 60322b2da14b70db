using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Journal;

/// <summary>
/// The columns whose values all rows of an entity's table have: those that were mapped when the first rows came, and those that a backfill or a forced resync
/// filled since. No other run writes rows that are not newer in Bubble, so a column that the map gained since is NULL in them.
/// </summary>
/// <param name="plan">The entity.</param>
/// <param name="source">The app's address.</param>
internal sealed class FilledColumns(EntityPlan plan, string source)
{
    private IEnumerable<ColumnPlan> Mapped => plan.Columns.Where(c => c.Name != plan.KeyName && c.Name != Clocks.Modified);

    private string[] Fields => [.. Mapped.SelectMany(Of)];

    /// <summary>Returns what a backfill of the entity is to fill; null where there is nothing.</summary>
    public async Task<Backfill?> BackfillAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await ReadAsync(connection, cancellationToken) is not { } filled ? new Backfill([.. Mapped.Select(c => c.Name)], SparesEdited: true)
        : Gained(filled) is { Count: > 0 } gained ? new Backfill(gained, SparesEdited: false)
        : null;

    /// <summary>Notes that all rows have the values of all mapped columns, in the transaction that wrote them.</summary>
    public Task RecordAllAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken) =>
        RecordAsync(connection, runId, Fields, cancellationToken);

    /// <summary>
    /// Forgets the fields that the map no longer reads: rows that are written without them lack their values if the map names them again. Returns the columns
    /// that the map gained; none where no run has noted any.
    /// </summary>
    public async Task<IReadOnlyList<string>> ForgetAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken)
    {
        if (await ReadAsync(connection, cancellationToken) is not { } filled)
            return [];

        string[] kept = [.. filled.Intersect(Fields)];
        if (kept.Length < filled.Count)
            await RecordAsync(connection, runId, kept, cancellationToken);
        return Gained(filled);
    }

    // A line that reads a further field has gained it.
    private List<string> Gained(HashSet<string> filled) => [.. Mapped.Where(c => !Of(c).All(filled.Contains)).Select(c => c.Name)];

    private static IEnumerable<string> Of(ColumnPlan column) => column.HoldsUnmapped ? [$"{column.Name}\n{column.Field}"]
        : column.Sources.SelectMany(s => s.OtherNames.Prepend(s.Name)).Select(name => $"{column.Name}\n{string.Join('.', column.Path.Prepend(name))}");

    private async Task<HashSet<string>?> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await connection.RowsAsync(
            $"""
            select t.filled from bubblesync.run_target t join bubblesync.run r using (run_id)
            where r.target_schema = @schema and t.entity = @entity and t.identity = {TargetBaseline.IdentitySql(plan)} and t.filled is not null
            order by t.at desc limit 1
            """,
            r => r.GetFieldValue<string[]>(0), cancellationToken,
            ("schema", plan.Schema), ("entity", plan.Name), ("source", source)) is [var filled] ? [.. filled] : null;

    private Task<long> RecordAsync(NpgsqlConnection connection, Guid runId, string[] filled, CancellationToken cancellationToken) => connection.ExecuteAsync(
        "update bubblesync.run_target set filled = @filled where run_id = @run and entity = @entity",
        cancellationToken, ("filled", filled), ("run", runId), ("entity", plan.Name));
}
