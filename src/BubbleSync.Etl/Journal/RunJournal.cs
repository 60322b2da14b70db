using System.Text.Json;
using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BubbleSync.Etl.Journal;

/// <summary>Writes the records of a run in the control tables.</summary>
/// <param name="database">Where they are.</param>
/// <param name="runId">The run.</param>
/// <param name="logger">Receives the same.</param>
/// <param name="keepDays">How many days the details of other runs are kept after their end; 0 keeps them.</param>
/// <param name="source">The app that the run reads.</param>
internal sealed class RunJournal(TargetDatabase database, Guid runId, ILogger logger, int keepDays, MirroredSource source)
{
    private ApiCounts _before = new(0, 0, 0, 0);

    /// <summary>Receives every log line of the run.</summary>
    public ILogger Logger => logger;

    /// <summary>The run's id.</summary>
    public Guid RunId => runId;

    /// <summary>Server, database and schema, for reports.</summary>
    public TargetPlace Target => database.Place;

    /// <summary>Opens the run's row.</summary>
    public async Task StartAsync(RunKind kind, object options, DateTimeOffset startedAt, CancellationToken cancellationToken)
    {
        logger.RunBegan(runId, Word.Of(kind), database.Schema);
        var recorded = JsonSerializer.Serialize(options, ReportJson.Options.GetTypeInfo(options.GetType()));
        await database.ExecuteAsync(
            """
            insert into bubblesync.run (run_id, kind, status, started_at, target_schema, options)
            values (@run, @kind, 'running', @at, @schema, @options::jsonb)
            """,
            cancellationToken, ("run", runId), ("kind", Word.Of(kind)), ("at", startedAt), ("schema", database.Schema), ("options", recorded));
    }

    /// <summary>Whether everything but the run's own row is rolled back at its end.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>The app that the run reads.</summary>
    public MirroredSource Source => source;

    /// <summary>The requests of this attempt at the run so far.</summary>
    public Func<ApiCounts> Asked { get; set; } = () => new ApiCounts(0, 0, 0, 0);

    /// <summary>The requests of all attempts at the run so far.</summary>
    public ApiCounts Api => _before.With(Asked());

    /// <summary>
    /// Reopens the run's row and loads the counts of its earlier attempts. For a killed attempt these are the counts at its last staged window.
    /// </summary>
    public async Task ReopenAsync(CancellationToken cancellationToken)
    {
        const string Reopen = "update bubblesync.run set status = 'running', finished_at = null, result = null where run_id = @run";
        var before = await database.RunAsync(
            async connection =>
            {
                var api = await connection.ScalarAsync<string>(
                    """
                    select coalesce((select result -> 'api' from bubblesync.run where run_id = @run),
                      (select api from bubblesync."window" where run_id = @run and api is not null order by (api ->> 'calls')::bigint desc limit 1))::text
                    """,
                    cancellationToken, ("run", runId));
                await connection.ExecuteAsync(Reopen, cancellationToken, ("run", runId));
                return api;
            },
            cancellationToken);
        _before = before is null ? _before : ReportJson.Read<ApiCounts>(before);
    }

    /// <summary>Fixes the upper bound of the run's history.</summary>
    public Task BoundAsync(DateTimeOffset upperBound, CancellationToken cancellationToken)
    {
        const string Sql = "update bubblesync.run set upper_bound = @bound where run_id = @run";
        return database.ExecuteAsync(Sql, cancellationToken, ("bound", upperBound), ("run", runId));
    }

    /// <summary>Records what the run finds when it begins to read an entity, unless an earlier attempt did so.</summary>
    public Task<TargetBaseline> BaselineAsync(NpgsqlConnection connection, EntityPlan plan, bool countsRows, CancellationToken cancellationToken) =>
        TargetBaseline.TakeAsync(connection, runId, plan, source.Address, countsRows, cancellationToken);

    /// <summary>Removes the run's results of an entity whose staged rows are lost or unusable.</summary>
    public Task ForgetAsync(NpgsqlConnection connection, string entity, CancellationToken cancellationToken) => connection.ExecuteAsync(
        """
        delete from bubblesync."window" where run_id = @run and entity = @entity;
        delete from bubblesync.run_entity where run_id = @run and entity = @entity;
        delete from bubblesync.run_target where run_id = @run and entity = @entity
        """,
        cancellationToken, ("run", runId), ("entity", entity));

    /// <summary>Closes the run's row with its result.</summary>
    public async Task FinishAsync(RunReport report, CancellationToken cancellationToken)
    {
        logger.RunEnded(
            runId, Word.Of(report.Status), report.Entities.Sum(e => e.Extracted), report.DurationMs, report.Api.Calls, report.Api.Retries,
            report.Api.Throttled);
        await database.ExecuteAsync(
            "update bubblesync.run set status = @status, finished_at = @at, result = @result::jsonb where run_id = @run",
            cancellationToken, ("run", runId), ("status", Word.Of(report.Status)), ("at", report.FinishedAt), ("result", report.ToJson()));
    }

    /// <summary>Removes the details of runs that ended long ago; a dry run leaves them.</summary>
    public async Task ForgetOldAsync(CancellationToken cancellationToken)
    {
        if (keepDays == 0 || IsDryRun)
            return;

        await database.RunAsync(c => RunHistory.ForgetAsync(c, database.Schema, keepDays, cancellationToken), cancellationToken);
    }

    /// <summary>Notes that a window is staged, in the transaction of its rows.</summary>
    public async Task CheckpointAsync(
        NpgsqlConnection connection, string entity, ReadingEnded end, long rowsStaged, ulong checksum, CancellationToken cancellationToken)
    {
        var (window, result) = (end.Of.Window, end.ReadingResult);
        await connection.ExecuteAsync(
            """
            insert into bubblesync."window" (
              run_id, entity, kind, from_at, to_at, count_before, rows_read, count_after, rows_staged, checksum, attempt, status, reason, api)
            values (
              @run, @entity, @kind, @from::timestamptz, @to::timestamptz, @before::bigint, @read, @after::bigint, @staged,
              @checksum, @attempt, @status, @reason::text, @api::jsonb)
            """,
            cancellationToken,
            ("run", runId), ("entity", entity), ("kind", Word.Of(window.Kind)), ("from", window.From), ("to", window.To),
            ("before", result.CountBefore), ("read", result.RowsRead), ("after", result.CountAfter),
            ("staged", rowsStaged), ("checksum", unchecked((long)checksum)), ("attempt", end.Of.Attempt),
            ("status", Word.Of(result.Outcome)), ("reason", result.Why),
            ("api", ReportJson.Write(Api)));
        logger.WindowStaged(entity, $"{window}", rowsStaged, end.Of.Attempt, Word.Of(result.Outcome));
    }

    /// <summary>Writes an entity's counts, in the transaction that merged it.</summary>
    /// <param name="connection">The connection with the transaction.</param>
    /// <param name="report">The counts.</param>
    /// <param name="startedAt">When the entity began.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <param name="line">A line for the activity log; null for none.</param>
    public async Task MergedAsync(
        NpgsqlConnection connection, EntityReport report, DateTimeOffset startedAt, CancellationToken cancellationToken, string? line = null) =>
        await connection.ExecuteAsync(
            """
            with logged as (
              insert into bubblesync.activity_log (run_id, level, stage, entity, message)
              select @run, @level, @stage, @entity, @line where @line::text is not null)
            insert into bubblesync.run_entity (
              run_id, entity, level, expected, extracted, staged, inserted, updated, unchanged, conflicts, rejected, missing_links, not_in_bubble, pruned,
              absent_kept, absent_kept_links, clear_refused, duration_ms, proof, started_at, finished_at)
            values (
              @run, @entity, @order, @expected::bigint, @extracted, @staged, @inserted, @updated, @unchanged, @conflicts, @rejected, @missing, @gone, @pruned,
              @kept, @keptLinks, @refused::jsonb, @duration, @proof::jsonb, @started, clock_timestamp())
            on conflict (run_id, entity) do update set
                proof = excluded.proof, missing_links = excluded.missing_links, pruned = excluded.pruned,
                duration_ms = excluded.duration_ms, finished_at = excluded.finished_at
            """,
            cancellationToken,
            ("run", runId), ("entity", report.Name), ("level", Word.Of(Severity.Info)), ("stage", Word.Of(SyncStage.Load)), ("line", line),
            ("order", report.Level), ("expected", report.Expected), ("extracted", report.Extracted), ("staged", report.Staged),
            ("inserted", report.Inserted), ("updated", report.Updated), ("unchanged", report.Unchanged), ("conflicts", report.Conflicts),
            ("rejected", report.Rejected),
            ("missing", report.MissingLinks), ("gone", report.NotInBubble), ("pruned", report.Pruned), ("duration", report.DurationMs),
            ("kept", report.AbsentKept), ("keptLinks", report.AbsentKeptLinks),
            ("refused", report.ClearRefused is { } refused ? ReportJson.Write(refused) : null),
            ("proof", ReportJson.Write(report.Proof)), ("started", startedAt));

    /// <summary>The first fields of an entity that did not convert in this run.</summary>
    public async Task<IReadOnlyList<SyncError>> RejectsAsync(NpgsqlConnection connection, string entity, int most, CancellationToken cancellationToken) =>
        await connection.RowsAsync(
            "select bubble_id, field, reason from bubblesync.rejected_record where run_id = @run and entity = @entity order by bubble_id, field limit @most",
            r =>
            {
                var (id, field, reason) = (r.IsDBNull(0) ? null : r.GetString(0), r.GetString(1), r.GetString(2));
                var outcome = IsDryRun ? "The record would not be loaded." : "The record is in bubblesync.rejected_record and was not loaded.";
                var message = $"{entity} {id ?? "(without a usable id)"}: '{field}': {reason}. {outcome}";
                return new SyncError(SyncStage.Transform, entity, id, field, ErrorCode.Rejected, message);
            },
            cancellationToken, ("run", runId), ("entity", entity), ("most", most));

    /// <summary>Adds a line to the activity log.</summary>
    public async Task LogAsync(Severity level, SyncStage stage, string? entity, string? bubbleId, string message, CancellationToken cancellationToken)
    {
        Tell(level, stage, message);
        await database.ExecuteAsync(
            """
            insert into bubblesync.activity_log (run_id, level, stage, entity, bubble_id, message)
            values (@run, @level, @stage, @entity::text, @id::text, @message)
            """,
            cancellationToken, ("run", runId), ("level", Word.Of(level)), ("stage", Word.Of(stage)), ("entity", entity), ("id", bubbleId),
            ("message", message));
    }

    /// <summary>Adds lines to the activity log in their order, in one statement.</summary>
    public async Task LogAsync(IReadOnlyList<LogLine> lines, CancellationToken cancellationToken)
    {
        foreach (var line in lines)
            Tell(line.Level, line.Stage, line.Message);
        if (lines.Count == 0)
            return;

        await database.ExecuteAsync(
            """
            insert into bubblesync.activity_log (run_id, at, level, stage, entity, message)
            select @run, clock_timestamp(), l.level, l.stage, l.entity, l.message
            from unnest(@levels, @stages, @entities, @messages) with ordinality as l (level, stage, entity, message, place)
            order by l.place
            """,
            cancellationToken, ("run", runId), ("levels", lines.Select(l => Word.Of(l.Level)).ToArray()),
            ("stages", lines.Select(l => Word.Of(l.Stage)).ToArray()),
            ("entities", lines.Select(l => l.Entity).ToArray()), ("messages", lines.Select(l => l.Message).ToArray()));
    }

    private void Tell(Severity level, SyncStage stage, string message)
    {
        switch (level)
        {
            case Severity.Error:
                logger.Failed(Word.Of(stage), message);
                break;
            case Severity.Warning:
                logger.Warned(Word.Of(stage), message);
                break;
            default:
                logger.Noted(Word.Of(stage), message);
                break;
        }
    }
}

/// <summary>A line of the activity log.</summary>
/// <param name="Level">Its severity.</param>
/// <param name="Stage">The stage that it is about.</param>
/// <param name="Entity">The entity, or null.</param>
/// <param name="Message">The text.</param>
internal sealed record LogLine(Severity Level, SyncStage Stage, string? Entity, string Message);
