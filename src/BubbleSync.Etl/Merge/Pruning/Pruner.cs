using System.Globalization;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Merge.Patches;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Staging;
using BubbleSync.Etl.Words;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge.Pruning;

/// <summary>Deletes or marks rows that Bubble no longer has, or only checks their number. Only ids of Bubble's form count: all others are local.</summary>
internal sealed class Pruner(
    EntityPlan plan, StagingTable staging, PruneMode mode, decimal limitPercent, TargetBaseline baseline, Horizon horizon, bool readsEverything)
{
    // If there are more, only the first are requested: a reading with gaps lacks some of them too.
    private const int MostAsked = 10_000;

    private const string Undo = "rollback to savepoint prune; release savepoint prune";

    // A row that is marked already is not marked again, but may yet be deleted.
    private string Gone => Ids(unmarked: mode == PruneMode.Soft);

    private string Ids(bool unmarked) => readsEverything ? DeletedInSourceSql.Ids(plan, staging, unmarked) : DeletedInSourceSql.Noted(plan, unmarked);

    // A run that reads everything has read them again; for another run they are those that are kept.
    private string HasNameless => $"select exists (select from {staging.Rejects} j where j.bubble_id is null){(readsEverything ? "" : $" or {HasKept}")}";

    private const string HasKept =
        """
        exists (select from bubblesync.rejected_record x join bubblesync.run r using (run_id)
          where r.target_schema = @schema and x.entity = @entity and x.superseded_by is null and x.bubble_id is null
            and r.kind not in ('verify', 'audit values') and not coalesce((r.options ->> 'dryRun')::boolean, false))
        """;

    private (string Name, object? Value)[] Within => DeletedInSourceSql.Parameters(horizon);

    private bool Writes => mode is PruneMode.Soft or PruneMode.Hard;

    /// <summary>Decides whether rows may be pruned; returns the ids to ask Bubble for, or why no row may be pruned.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="report">The entity's report so far.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<(IReadOnlyList<string> Ids, SyncError? Refusal)> JudgeAsync(
        NpgsqlConnection connection, EntityReport report, CancellationToken cancellationToken)
    {
        if (Writes && await RefusalAsync(connection, report, cancellationToken) is { } refusal)
            return ([], Refused(refusal));
        if (await TooManyAsync(connection, report, cancellationToken) is { } tooMany)
            return ([], tooMany);

        if (!Writes)
            return ([], null);

        var ids = $"select gone.id::text from ({Gone}) gone limit {MostAsked}";
        return (await connection.RowsAsync(ids, r => r.GetString(0), cancellationToken, Within), null);
    }

    private async Task<string?> RefusalAsync(NpgsqlConnection connection, EntityReport report, CancellationToken cancellationToken)
    {
        if (report.Proof is not { IsComplete: true })
            return "its extraction is not shown to be complete";
        if (mode == PruneMode.Soft && !DeletionMark.IsIn(plan))
            return $"table '{plan.Target.Name}' has no column {DeletionMark.Name}";
        if (await connection.ScalarAsync<bool>(HasNameless, cancellationToken, ("schema", plan.Schema), ("entity", plan.Name)))
            return "Bubble has records without a usable id, and any row could be theirs";

        return await connection.ScalarAsync<long>(staging.Count, cancellationToken) != report.Extracted ? "a server crash removed the staged records" : null;
    }

    // Rows that are already marked were checked when they were marked. Neither they nor rows added during the run count towards the limit.
    private async Task<SyncError?> TooManyAsync(NpgsqlConnection connection, EntityReport report, CancellationToken cancellationToken)
    {
        if (report.Proof is not { IsComplete: true } || report.NotInBubble == 0
            || await connection.ScalarAsync<long>(staging.Count, cancellationToken) != report.Extracted)
            return null;

        var gone = await connection.ScalarAsync<long>($"select count(*) from ({Ids(unmarked: true)}) gone", cancellationToken, Within);
        var living = baseline.LivingRows ?? gone;
        if (gone > 0 && report.Extracted == 0 && readsEverything)
            return TooMany(Invariant($"Bubble sent no record at all, but the table has {living}: that looks like a lost right, not like {living} deletions"));

        var limit = limitPercent.ToString(CultureInfo.InvariantCulture);
        if (gone * 100m > limitPercent * living)
        {
            return TooMany(Writes
                ? Invariant($"{gone} of {living} rows would go, more than {limit} %: check the token's rights in Bubble, or allow it with a larger prune limit")
                : Invariant($"Bubble does not have {gone} of {living} rows, more than {limit} %: check the token's rights in Bubble ")
                    + "and the filters of its privacy rules before anything is pruned");
        }

        return gone > 0 && mode == PruneMode.Hard
            && await new CascadeCheck(plan).FirstAsync(connection, Gone, Within, cancellationToken) is { } sequel
            ? Refused(sequel)
            : null;
    }

    /// <summary>Notes the unmarked rows that Bubble no longer has, for later counts; returns how many there are.</summary>
    public Task<long> NoteGoneAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken) => connection.ScalarAsync<long>(
        $"""
        delete from bubblesync.not_in_bubble where target_schema = @schema and entity = @entity;
        with noted as (
          insert into bubblesync.not_in_bubble (target_schema, entity, bubble_id, run_id)
          select @schema, @entity, gone.id, @run from ({Ids(unmarked: true)}) gone returning 1)
        select count(*) from noted
        """,
        cancellationToken, [("schema", plan.Schema), ("entity", plan.Name), ("run", runId), .. Within]);

    /// <summary>Removes notes of ids that Bubble has after all: the next count then shows what else differs.</summary>
    public Task<long> ForgetAsync(NpgsqlConnection connection, IEnumerable<string> ids, CancellationToken cancellationToken) => connection.ExecuteAsync(
        "delete from bubblesync.not_in_bubble where target_schema = @schema and entity = @entity and bubble_id = any(@ids)",
        cancellationToken, ("schema", plan.Schema), ("entity", plan.Name), ("ids", ids.ToArray()));

    /// <summary>Prunes the rows; returns how many, or why none may be pruned.</summary>
    public Task<(long Pruned, SyncError? Refusal)> PruneAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken) =>
        OwnWrites.WriteAsync(
            connection, plan.Mirror, [plan.OwnTable],
            async () => new OwnWrite<(long Pruned, SyncError? Refusal)>(await WriteAsync(connection, runId, cancellationToken)), cancellationToken);

    private async Task<(long Pruned, SyncError? Refusal)> WriteAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("savepoint prune", cancellationToken);
        try
        {
            // A trigger may remove the mark again: the row's final state counts.
            var (change, isDone) = mode == PruneMode.Hard
                ? ($"delete from {plan.Table} t using", "true")
                : ($"update {plan.Table} t set {DeletionMark.Quoted} = "
                    + $"{ClockSql.Written(plan, DeletionMark.Name, "now()")} from", $"t.{DeletionMark.Quoted} is not null");
            var listed = await connection.ScalarAsync<long>($"select count(*) from ({Gone}) gone", cancellationToken, Within);
            var pruned = await connection.ScalarAsync<long>(
                $"""
                with changed as ({change} ({Gone}) gone where t.{plan.Key.Quoted} = gone.id returning {isDone} as is_done, t.{plan.Key.Quoted}::text as id),
                noted as ({TouchedRows.Note("select id from changed")})
                select count(*) filter (where is_done) from changed
                """,
                cancellationToken, [.. Within, ("schema", plan.Schema), ("entity", plan.Name), ("run", runId)]);
            if (pruned < listed)
            {
                var why = await KeptAsync(connection, listed - pruned, listed, cancellationToken);
                await connection.ExecuteAsync(Undo, cancellationToken);
                return (0, why);
            }

            // Triggers, and keys with "on delete", may have written other rows.
            if (pruned > 0 && (mode == PruneMode.Hard || plan.Mirror.Any(t => t.Target.MayBeStamped)))
                await new TouchedRows(plan.Schema, runId).NoteAllAsync(connection, plan.Name, cancellationToken);
            if (mode == PruneMode.Hard)
                await connection.ExecuteAsync(ForgetHeldLinks, cancellationToken, ("schema", plan.Schema), ("entity", plan.Name));
            await connection.ExecuteAsync("set constraints all immediate; release savepoint prune", cancellationToken);
            return (pruned, null);
        }
        catch (PostgresException refusal) when (PostgresFailure.RefusesRecord(refusal))
        {
            await connection.ExecuteAsync(Undo, cancellationToken);
            return (0, Refused(refusal.SqlState == PostgresErrorCodes.ForeignKeyViolation
                ? $"constraint '{refusal.ConstraintName}' of table '{refusal.TableName}' still needs a row that would go"
                : PostgresFailure.Refused(refusal)));
        }
    }

    // PostgreSQL skips such rows without an error.
    private async Task<SyncError> KeptAsync(NpgsqlConnection connection, long kept, long listed, CancellationToken cancellationToken)
    {
        var isSecured = await connection.ScalarAsync<bool>("select row_security_active(@table::regclass)", cancellationToken, ("table", plan.Table));
        var (what, done) = (isSecured ? "row-level security" : "a trigger", mode == PruneMode.Hard ? "deleted" : "marked");
        var refusal = Refused(Invariant($"{what} of table {plan.Table} keeps {kept} of {listed} rows from being {done}")
            + (isSecured ? ". Add a policy that passes every row, or exempt the user; the doctor prints the statements" : ""));
        return isSecured ? refusal with { Next = new NextAction(NextActionKind.Doctor) } : refusal;
    }

    /// <summary>The error if Bubble has records of rows that were to be pruned.</summary>
    /// <param name="living">How many it has.</param>
    public SyncError StillThere(int living) => Refused(Invariant($"Bubble still has {living} of the records whose rows would go, ")
        + "though no window showed them");

    /// <summary>The error if Bubble cannot be asked.</summary>
    public SyncError NotAsked(SyncException failure) => Refused($"whether Bubble still has the records cannot be asked: {failure.Message}");

    /// <summary>The error if others keep writing the same rows.</summary>
    public SyncError InTheWay(SyncException failure) => Refused($"others kept writing the same rows: {failure.Message}");

    // A deleted row has no link to restore; a record that returns has its own.
    private string ForgetHeldLinks =>
        $"""
        delete from bubblesync.held_link h
        where h.target_schema = @schema and h.entity = @entity and not exists (select from {plan.Table} t where t.{plan.Key.Quoted} = h.bubble_id)
        """;

    private SyncError Refused(string why) => Error(ErrorCode.PruneRefused, $"nothing was pruned: {why}");

    private SyncError TooMany(string why) => Writes ? Refused(why) : Error(ErrorCode.TooManyGone, why);

    private SyncError Error(ErrorCode code, string message) => new(SyncStage.Load, plan.Name, null, null, code, $"{plan.Name}: {message}.");
}
