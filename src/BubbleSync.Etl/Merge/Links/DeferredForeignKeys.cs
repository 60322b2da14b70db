using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Merge.Patches;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Staging;
using BubbleSync.Etl.Words;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge.Links;

/// <summary>
/// Links that a foreign key forbids as long as their target is missing: stored at the merge, and restored at the start of the patch stage of this run or a
/// later one. Most tables have no foreign keys; then there is nothing to do.
/// </summary>
internal sealed class DeferredForeignKeys(EntityPlan plan, StagingTable? staging)
{
    // Each takes a statement. If there are more, the others wait for the next run.
    private const int MostSingly = 10_000;

    private readonly string _key = plan.Key.Quoted;

    /// <summary>Stores the links of the merged rows whose target is missing, and removes those that Bubble has changed since.</summary>
    public async Task HoldAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        foreach (var column in plan.Columns.Where(c => c.HoldsLinks && (plan.Backfill is not { } backfill || backfill.Columns.Contains(c.Name))))
        {
            await connection.ExecuteAsync(Forget(column), cancellationToken, Names(column));
            await connection.ExecuteAsync(Hold(column), cancellationToken, Names(column));
        }
    }

    /// <summary>Restores the links whose target is there by now, and notes their rows for the patches; returns what the table does not take.</summary>
    public async Task<IReadOnlyList<SyncError>> RestoreAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken)
    {
        var columns = plan.Columns.Where(c => c.HoldsLinks).ToList();
        if (columns.Count == 0 || !await connection.ScalarAsync<bool>(HasAny, cancellationToken, Names(columns[0])))
            return [];

        return await OwnWrites.WriteAsync(
            connection, plan.Mirror, [plan.OwnTable], () => RestoreAsync(connection, columns, runId, cancellationToken), cancellationToken);
    }

    private async Task<OwnWrite<IReadOnlyList<SyncError>>> RestoreAsync(
        NpgsqlConnection connection, List<ColumnPlan> columns, Guid runId, CancellationToken cancellationToken)
    {
        var errors = new List<SyncError>();
        foreach (var column in columns)
        {
            var refused = await RestoreAsync(connection, column, cancellationToken);
            var noted = await connection.ExecuteAsync(
                $"with released as ({Release(column)} returning h.bubble_id) {TouchedRows.Note("select bubble_id from released")}", cancellationToken,
                [.. Names(column), ("run", runId)]);
            // Triggers may have written rows of other tables.
            if (noted > 0 && plan.Mirror.Any(t => t.Target.MayBeStamped))
                await new TouchedRows(plan.Schema, runId).NoteAllAsync(connection, plan.Name, cancellationToken);
            errors.AddRange(refused.Select(r =>
                Error(column, r.Id, $"{plan.Name} {r.Id}: '{column.Field}': its target is there by now, but {r.Reason}. The link waits.")));
            var waiting = await connection.ScalarAsync<long>(CountWaiting(column), cancellationToken, Names(column)) - refused.Count;
            if (waiting > 0)
            {
                errors.Add(Error(
                    column, null, Invariant($"{plan.Name}: links of '{column.Field}' whose target is there by now, and which table {plan.Table} does not ")
                    + Invariant($"store, without an error: {waiting}. A trigger that fires before an update keeps them out; fix it. The links wait.")));
            }
        }

        return new OwnWrite<IReadOnlyList<SyncError>>(errors);
    }

    // Where the table refuses one of them, the others are restored one by one.
    private async Task<IReadOnlyList<(string Id, string Reason)>> RestoreAsync(
        NpgsqlConnection connection, ColumnPlan column, CancellationToken cancellationToken)
    {
        if (await connection.TryAsync(Restore(column), cancellationToken, Names(column)) is null)
            return [];

        var refused = new List<(string Id, string Reason)>();
        foreach (var id in await connection.RowsAsync(Restorable(column), r => r.GetString(0), cancellationToken, Names(column)))
        {
            if (await connection.TryAsync($"{Restore(column)} and h.bubble_id = @id", cancellationToken, [.. Names(column), ("id", id)]) is { } refusal)
                refused.Add((id, PostgresFailure.Refused(refusal)));
        }

        return refused;
    }

    private SyncError Error(ColumnPlan column, string? id, string message) => new(SyncStage.Load, plan.Name, id, column.Field, ErrorCode.LinkRefused, message);

    /// <summary>
    /// Notes which columns have no value of others, before a patch runs in the same transaction: those that are empty or filled by a patch.
    /// </summary>
    public Task BeforePatchAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => EachAsync(connection, NoteFree, cancellationToken);

    /// <summary>Notes what the patch has filled in: a deferred link overwrites it later.</summary>
    public Task AfterPatchAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => EachAsync(connection, NoteFilled, cancellationToken);

    private async Task EachAsync(NpgsqlConnection connection, Func<ColumnPlan, string> statement, CancellationToken cancellationToken)
    {
        foreach (var column in plan.Columns.Where(c => c.HoldsLinks))
            await connection.ExecuteAsync(statement(column), cancellationToken, Names(column));
    }

    /// <summary>
    /// Returns for each column how many values wait for a table that no map names as its target: these are not among the orphaned references.
    /// </summary>
    public async Task<IReadOnlyList<string>> TellAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var sentences = new List<string>();
        foreach (var column in plan.Columns.Where(c => c.HoldsLinks))
        {
            var strangers = column.ForeignKeys.Select(k => Identifier.Quote(k.Schema, k.Table)).Except(column.Relations.Select(r => r.Table)).ToList();
            if (strangers.Count > 0 && await connection.ScalarAsync<long>($"select count(*) from bubblesync.held_link h join {plan.Table} t on t.{_key} = "
                + $"h.bubble_id where {Mine}", cancellationToken, Names(column)) is > 0 and var held)
                sentences.Add(Invariant($"{plan.Name}: values of '{column.Name}' that its foreign key allows only once {string.Join(", ", strangers)} has ")
                    + Invariant($"them, held back as NULL until then: {held}."));
        }

        return sentences;
    }

    private string Forget(ColumnPlan column) =>
        $"""
        delete from bubblesync.held_link h using {staging!.Name} s join {plan.Table} t on t.{_key} = s.{_key}
        where {Mine} and h.bubble_id = s.{_key} and not s.{StagingLayout.Rejected}
          and {ComparedSql.Stored("t", plan.Modified)} is not distinct from s.{plan.Modified.Quoted}
          and (h.target_id <> s.{column.Quoted}::text or {StagingLayout.IsNullMarked("s", column)})
        """;

    private string Hold(ColumnPlan column) =>
        $"""
        insert into bubblesync.held_link (target_schema, entity, column_name, bubble_id, target_id)
        select @schema, @entity, @column, s.{_key}, s.{column.Quoted}::text
        from {staging!.Name} s join {plan.Table} t on t.{_key} = s.{_key}
        where not s.{StagingLayout.Rejected} and s.{column.Quoted} is not null and t.{column.Quoted} is null
          and {ComparedSql.Stored("t", plan.Modified)} is not distinct from s.{plan.Modified.Quoted}
          and not {ForeignKeySql.HasTargets(column, column.Written($"s.{column.Quoted}"))}
        on conflict (target_schema, entity, column_name, bubble_id) do update set target_id = excluded.target_id, filled = null
        where held_link.target_id is distinct from excluded.target_id
        """;

    // The column does not matter: any held link of the entity counts.
    private const string HasAny = "select exists (select from bubblesync.held_link where target_schema = @schema and entity = @entity and @column <> '')";

    private string NoteFree(ColumnPlan column)
    {
        var isFree = $"(t.{column.Quoted} is null or t.{column.Quoted}::text is not distinct from h.filled)";
        return $"""
            update bubblesync.held_link h set was_empty = {isFree}
            from {plan.Table} t
            where {Mine} and t.{_key} = h.bubble_id and h.was_empty is distinct from {isFree}
            """;
    }

    private string NoteFilled(ColumnPlan column) =>
        $"""
        update bubblesync.held_link h set filled = t.{column.Quoted}::text
        from {plan.Table} t
        where {Mine} and t.{_key} = h.bubble_id and h.was_empty and h.filled is distinct from t.{column.Quoted}::text
        """;

    // Overwrites what a patch filled meanwhile, but not a value of others. Links deferred by older versions do not show what a patch filled.
    private string Restore(ColumnPlan column) =>
        $"""
        update {plan.Table} t set {column.Quoted} = {Held(column)}
        from bubblesync.held_link h
        where {Mine} and t.{_key} = h.bubble_id and {IsDue(column)}
        """;

    private string IsDue(ColumnPlan column) =>
        $"""
        {ForeignKeySql.HasTargets(column, Held(column))} and t.{column.Quoted}::text is distinct from h.target_id
          and (t.{column.Quoted} is null or t.{column.Quoted}::text = h.filled
            or (h.filled is null and not {LocalEditSql.IsEdited(plan, ComparedSql.Stored("t", plan.Modified))}))
        """;

    private string Restorable(ColumnPlan column) => Invariant($"""
        select h.bubble_id from bubblesync.held_link h join {plan.Table} t on t.{_key} = h.bubble_id
        where {Mine} and {IsDue(column)} order by 1 limit {MostSingly}
        """);

    private string CountWaiting(ColumnPlan column) =>
        $"select count(*) from bubblesync.held_link h join {plan.Table} t on t.{_key} = h.bubble_id where {Mine} and {IsDue(column)}";

    // If a row still lacks the link, or has what a patch filled in, something such as a trigger kept the link out: it stays deferred.
    private string Release(ColumnPlan column) =>
        $"""
        delete from bubblesync.held_link h
        where {Mine} and {ForeignKeySql.HasTargets(column, Held(column))}
          and not exists (
            select from {plan.Table} t
            where t.{_key} = h.bubble_id and (t.{column.Quoted} is null or (t.{column.Quoted}::text = h.filled and h.filled <> h.target_id)))
        """;

    // Links are kept as text.
    private static string Held(ColumnPlan column) => column.Written($"h.target_id{(column.StagingType == "text" ? "" : $"::{column.StagingType}")}");

    private const string Mine = "h.target_schema = @schema and h.entity = @entity and h.column_name = @column";

    private (string, object?)[] Names(ColumnPlan column) => [("schema", plan.Schema), ("entity", plan.Name), ("column", column.Name)];
}
