using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Journal;

/// <summary>
/// The columns whose values all rows of an entity's table have: those that were mapped when the first rows came, and those that a backfill or a forced resync
/// filled since. No other run writes rows that are not newer in Bubble, so they lack the values of a column that the map gained since.
/// </summary>
/// <param name="plan">The entity.</param>
internal sealed class FilledColumns(EntityPlan plan)
{
    /// <summary>Returns what a backfill of the entity is to fill; null where there is nothing.</summary>
    /// <param name="connection">A connection.</param>
    /// <param name="isNamed">Whether the entity was asked for by its name: then all columns are filled where it is not known which rows have them.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<Backfill?> BackfillAsync(NpgsqlConnection connection, bool isNamed, CancellationToken cancellationToken)
    {
        var filled = (await ReadAsync(connection, cancellationToken))?.Fields;
        if (filled?.Gained(plan) is not { Count: > 0 } columns)
        {
            string[] all = [.. FilledFields.Mapped(plan).Select(c => c.Name)];
            return isNamed && filled is null or { IsAssumed: true } ? new Backfill(all, Spared: all) : null;
        }

        var backfill = new Backfill(columns, [.. filled.GainedInPart(plan).Select(c => c.Name)]);
        return filled.Keeps(plan, columns) && await new KeptFields(plan, columns).AreExactAsync(connection, cancellationToken)
            ? backfill with { IsKept = true }
            : backfill;
    }

    /// <summary>Returns what a backfill is to fill, by the entities that have something to fill.</summary>
    /// <param name="connection">A connection.</param>
    /// <param name="plans">The entities.</param>
    /// <param name="areNamed">Whether they were asked for by name.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<IReadOnlyDictionary<string, Backfill>> BackfillsAsync(
        NpgsqlConnection connection, IEnumerable<EntityPlan> plans, bool areNamed, CancellationToken cancellationToken)
    {
        var backfills = new Dictionary<string, Backfill>();
        foreach (var plan in plans)
        {
            if (await new FilledColumns(plan).BackfillAsync(connection, areNamed, cancellationToken) is { } backfill)
                backfills[plan.Name] = backfill;
        }

        return backfills;
    }

    /// <summary>Notes that all rows have the values of all mapped columns, in the transaction that wrote them.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="runId">The run.</param>
    /// <param name="isWrittenAnew">Whether it wrote all values of all rows; a backfill writes only what was NULL.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task RecordAllAsync(NpgsqlConnection connection, Guid runId, bool isWrittenAnew, CancellationToken cancellationToken)
    {
        var before = (await ReadAsync(connection, cancellationToken))?.Fields;
        var filled = isWrittenAnew ? FilledFields.Of(before, plan) : FilledFields.AfterBackfill(before, plan);
        await RecordAsync(connection, runId, filled, cancellationToken);
    }

    /// <summary>
    /// Notes that some rows were written by the map as it is: rows that are written without a field lack its value if the map names it again. Returns the
    /// columns that the map gained; none where nothing was noted so far.
    /// </summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="assumedBy">
    /// A run that verified the entity: if nothing was noted so far, the rows are taken to have what is mapped now. Null for a run that verified nothing.
    /// </param>
    /// <param name="isComplete">Whether no record was left out as rejected or because its row was edited here.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<IReadOnlyList<string>> RecordWritesAsync(
        NpgsqlConnection connection, Guid? assumedBy, bool isComplete, CancellationToken cancellationToken)
    {
        if (await ReadAsync(connection, cancellationToken) is not { } noted)
        {
            if (assumedBy is { } run)
                await RecordAsync(connection, run, FilledFields.Assumed(plan), cancellationToken);
            return [];
        }

        var after = noted.Fields.AfterWrites(plan, isComplete);
        if (!noted.Fields.Entries.SetEquals(after.Entries))
            await RecordAsync(connection, noted.RunId, after, cancellationToken);
        return noted.Fields.Gained(plan);
    }

    // The app's address does not matter: a schema has the rows of one app, whose address may change.
    private async Task<Noted?> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await connection.RowsAsync(
            $"""
            select t.run_id, t.filled
            from bubblesync.run_target t join bubblesync.run r using (run_id), (select ' ' || {TargetBaseline.TableSql(plan)} as own) i
            where r.target_schema = @schema and t.entity = @entity and right(t.identity, length(i.own)) = i.own and t.filled is not null
            order by t.at desc limit 1
            """,
            r => new Noted(r.GetGuid(0), new FilledFields(r.GetFieldValue<string[]>(1).ToHashSet())), cancellationToken,
            ("schema", plan.Schema), ("entity", plan.Name)) is [var noted] ? noted : null;

    private Task<long> RecordAsync(NpgsqlConnection connection, Guid runId, FilledFields filled, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
        "update bubblesync.run_target set filled = @filled where run_id = @run and entity = @entity",
        cancellationToken, ("filled", filled.Entries.ToArray()), ("run", runId), ("entity", plan.Name));

    private sealed record Noted(Guid RunId, FilledFields Fields);
}
