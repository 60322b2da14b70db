using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Journal.Lags;

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
        var noted = await ReadAsync(connection, cancellationToken);
        var filled = noted?.Fields;
        if (filled?.Gained(plan) is not { Count: > 0 } columns)
        {
            string[] all = [.. FilledFields.Mapped(plan).Select(c => c.Name)];
            return isNamed && filled is null or { IsAssumed: true } ? new Backfill(all, Spared: all) { Outdated = noted?.Lines.Outdated(plan) ?? [] } : null;
        }

        var outdated = noted!.Lines.Outdated(plan);
        var backfill = new Backfill(columns, [.. filled.GainedInPart(plan).Select(c => c.Name)]) { Outdated = outdated };
        // What another line wrote can only be told from Bubble's values.
        return !outdated.Any(columns.Contains) && filled.Keeps(plan, columns)
            && await new KeptFields(plan, columns).AreExactAsync(connection, cancellationToken)
            ? backfill with { IsKept = true, Outdated = [] }
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

    /// <summary>
    /// Returns the plans of a run that brings rows up to the map. A backfill fills what they lack; where an entity is merged already, nothing is left to fill.
    /// A forced resync also clears what an earlier line wrote, which is no value of a field that Bubble merely omits.
    /// </summary>
    /// <param name="connection">A connection.</param>
    /// <param name="plans">The entities.</param>
    /// <param name="isBackfill">Whether the run is a backfill.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<IReadOnlyList<EntityPlan>> ApplyAsync(
        NpgsqlConnection connection, IReadOnlyList<EntityPlan> plans, bool isBackfill, CancellationToken cancellationToken)
    {
        var applied = new List<EntityPlan>();
        foreach (var plan in plans)
        {
            var columns = new FilledColumns(plan);
            applied.Add(isBackfill
                ? plan with { Backfill = await columns.BackfillAsync(connection, isNamed: true, cancellationToken) ?? new Backfill([], []) }
                : plan.Clearing((await columns.ReadAsync(connection, cancellationToken))?.Lines.OfOtherLines(plan) ?? []));
        }

        return applied;
    }

    /// <summary>Returns the columns in which rows lag behind the map.</summary>
    /// <param name="connection">A connection.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<ColumnLags> LagsAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await ReadAsync(connection, cancellationToken) is { } noted ? Lags(noted.Fields, noted.Lines) : ColumnLags.None;

    /// <summary>
    /// Notes that all rows have the values of all mapped columns, in the transaction that wrote them. Returns the columns in which rows lag behind the map.
    /// </summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="runId">The run.</param>
    /// <param name="isWrittenAnew">Whether it wrote all values of all rows; a backfill writes only what was NULL.</param>
    /// <param name="written">What it wrote.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<ColumnLags> RecordAllAsync(
        NpgsqlConnection connection, Guid runId, bool isWrittenAnew, WrittenColumns written, CancellationToken cancellationToken)
    {
        var before = await ReadAsync(connection, cancellationToken);
        var lines = before?.Lines ?? new ColumnLines([]);
        var filled = isWrittenAnew ? FilledFields.Of(before?.Fields, plan) : FilledFields.AfterBackfill(before?.Fields, plan, written.Held.Count == 0);
        lines = isWrittenAnew ? lines.AfterAll(plan, written.Uncleared) : lines.AfterBackfill(plan, written.Held);
        await RecordAsync(connection, runId, filled, lines, cancellationToken);
        return Lags(filled, lines);
    }

    /// <summary>
    /// Notes that some rows were written by the map as it is: rows that are written without a field lack its value if the map names it again. Returns the
    /// columns in which rows lag behind the map; none where nothing was noted so far.
    /// </summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="assumedBy">
    /// A run that verified the entity: if nothing was noted so far, the rows are taken to have what is mapped now. Null for a run that verified nothing.
    /// </param>
    /// <param name="written">What the run wrote.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<ColumnLags> RecordWritesAsync(
        NpgsqlConnection connection, Guid? assumedBy, WrittenColumns written, CancellationToken cancellationToken)
    {
        if (await ReadAsync(connection, cancellationToken) is not { } noted)
        {
            if (assumedBy is { } run)
                await RecordAsync(connection, run, FilledFields.Assumed(plan), ColumnLines.Of(plan), cancellationToken);
            return ColumnLags.None;
        }

        var after = noted.Fields.AfterWrites(plan, written.IsComplete);
        var lines = noted.Lines.AfterWrites(plan, written.Any, written.Uncleared);
        if (!noted.Fields.Entries.SetEquals(after.Entries) || !noted.Lines.Entries.SetEquals(lines.Entries))
            await RecordAsync(connection, noted.RunId, after, lines, cancellationToken);
        return Lags(noted.Fields, lines);
    }

    private ColumnLags Lags(FilledFields filled, ColumnLines lines)
    {
        var gained = filled.Gained(plan);
        return new ColumnLags(gained, [.. lines.Outdated(plan).Where(c => !gained.Contains(c))], lines.Uncleared(plan));
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
            r => Noted.Of(r.GetGuid(0), r.GetFieldValue<string[]>(1)), cancellationToken,
            ("schema", plan.Schema), ("entity", plan.Name)) is [var noted] ? noted : null;

    private Task<long> RecordAsync(
        NpgsqlConnection connection, Guid runId, FilledFields filled, ColumnLines lines, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
        "update bubblesync.run_target set filled = @filled where run_id = @run and entity = @entity",
        cancellationToken, ("filled", filled.Entries.Concat(lines.Entries).ToArray()), ("run", runId), ("entity", plan.Name));

    private sealed record Noted(Guid RunId, FilledFields Fields, ColumnLines Lines)
    {
        public static Noted Of(Guid run, string[] entries) =>
            new(run, new FilledFields(entries.Where(e => !ColumnLines.Is(e)).ToHashSet()), new ColumnLines(entries));
    }
}

/// <summary>What a run wrote of an entity.</summary>
/// <param name="Any">Whether it wrote any row.</param>
/// <param name="IsComplete">Whether no record was left out as rejected or because its row was edited here.</param>
/// <param name="Held">The columns of a backfill in which rows keep another value than Bubble has.</param>
/// <param name="Uncleared">The columns that were not cleared, because too many of their values would have gone.</param>
internal sealed record WrittenColumns(bool Any, bool IsComplete, IReadOnlyList<string> Held, IReadOnlyList<string> Uncleared);

/// <summary>The columns in which rows lag behind the map.</summary>
/// <param name="Unfilled">Those that the map gained: a backfill fills them.</param>
/// <param name="Outdated">Those of the others in which rows may hold values that their line does not give: only a forced resync writes them anew.</param>
/// <param name="Uncleared">Those that were not cleared, because too many of their values would have gone.</param>
internal sealed record ColumnLags(IReadOnlyList<string> Unfilled, IReadOnlyList<string> Outdated, IReadOnlyList<string> Uncleared)
{
    /// <summary>No column lags behind.</summary>
    public static ColumnLags None { get; } = new([], [], []);
}
