using System.Data;
using System.Runtime.CompilerServices;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Journal;

/// <summary>The history of earlier runs in the control tables.</summary>
internal sealed class RunHistory(TargetDatabase database)
{
    private const int MostNamed = 5;

    // The number of rows deleted at a time, so that the end of a run does not wait; the next run continues.
    private const int MostForgotten = 100_000;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // A line shows when its transaction commits, perhaps after lines that were written later.
    private static readonly TimeSpan LongestTransaction = TimeSpan.FromSeconds(30);

    private static readonly string[] Details = ["activity_log", "rejected_record", "missing_link", "\"window\"", "difference"];

    private const string ListSql =
        $"""
        select r.run_id, r.kind, r.status, r.started_at, r.finished_at,
          coalesce((case when jsonb_typeof(r.options) = 'object' then r.options ->> 'dryRun' end)::boolean, false),
               coalesce(sum(e.extracted), 0)::bigint, coalesce(sum(e.inserted), 0)::bigint,
                 coalesce(sum(e.updated), 0)::bigint, coalesce(sum(e.rejected), 0)::bigint,
               r.status = 'running' and {RunLockSql.IsLeft}, r.result ->> 'conclusion'
        from bubblesync.run r left join bubblesync.run_entity e using (run_id)
        where r.target_schema = @schema and (@kind = '' or r.kind = @kind)
          and (@before = '' or (r.started_at, r.run_id) < (select b.started_at, b.run_id from bubblesync.run b where b.run_id::text = @before))
          and (@state = '' or @state = case when r.status = 'running' and {RunLockSql.IsLeft} then 'died' else r.status end)
        group by r.run_id
        order by r.started_at desc, r.run_id desc
        limit @most
        """;

    private const string FindSql =
        """
        select run_id, count(*) over () from bubblesync.run
        where target_schema = @schema and (@run = 'last' or starts_with(run_id::text, @run))
        order by started_at desc, run_id desc
        limit @most
        """;

    private const string EntitiesSql =
        """
        select entity from bubblesync.run_entity where run_id = @run
        union select entity from bubblesync.activity_log where run_id = @run and entity is not null
        """;

    private const string LogSql =
        """
        select at, level, stage, entity, bubble_id, message
        from bubblesync.activity_log
        where run_id = @run and at >= @since
          and (cardinality(@levels) = 0 or level = any(@levels)) and (@entity = '' or entity = @entity or starts_with(message, @entity || ':'))
        order by at, entity, bubble_id, message
        """;

    /// <summary>Deletes the details of runs over this schema that ended so many days ago; the runs and their counts stay.</summary>
    public static async Task ForgetAsync(NpgsqlConnection connection, string schema, int days, CancellationToken cancellationToken)
    {
        // In one statement: every run ends with it.
        var parts = Details.Index().Select(d => Invariant(
            $"""
            d{d.Index} as (
              delete from bubblesync.{d.Item} where ctid = any(array(
                select d.ctid from bubblesync.{d.Item} d join bubblesync.run r using (run_id)
                where r.target_schema = @schema and r.finished_at < clock_timestamp() - make_interval(days => @days)
                limit {MostForgotten})))
            """));
        await connection.ExecuteAsync($"with {string.Join(",\n", parts)} select", cancellationToken, ("schema", schema), ("days", days));
    }

    /// <summary>
    /// Returns the latest runs over this schema, newest first; of all kinds and states if none is named, and only those that started before a run if one is
    /// named.
    /// </summary>
    public async Task<IReadOnlyList<RunListing>> ListAsync(
        int most, RunKind? kind, RunState? state, Guid? before, CancellationToken cancellationToken) =>
        await database.RunAsync(
            c => c.RowsAsync(
                ListSql, Listing, cancellationToken, ("schema", database.Schema), ("most", most), ("kind", kind is { } k ? Word.Of(k) : ""),
                ("state", state is { } s ? Word.Of(s) : ""), ("before", before?.ToString() ?? "")),
            cancellationToken);

    /// <summary>Finds a run by its id, the beginning of its id, or <c>last</c>.</summary>
    /// <exception cref="SyncException">There is none, or more than one: a usage error.</exception>
    public async Task<Guid> FindAsync(string run, CancellationToken cancellationToken)
    {
        (string, object?)[] which = [("schema", database.Schema), ("run", run.ToLowerInvariant()), ("most", run == "last" ? 1 : MostNamed)];
        var found = await database.RunAsync(
            c => c.RowsAsync(FindSql, r => (Id: r.GetGuid(0), Number: r.GetInt64(1)), cancellationToken, which), cancellationToken);
        return found.Count switch
        {
            1 => found[0].Id,
            0 => throw Usage($"There is no run '{run}' over schema '{database.Schema}'. The list of runs names them.", new NextAction(NextActionKind.ListRuns)),
            _ => throw Usage(
                Invariant($"{found[0].Number} runs begin with '{run}': {string.Join(", ", found.Select(f => f.Id))}")
                + $"{(found[0].Number > found.Count ? ", …" : "")}. Give more of the id."),
        };
    }

    /// <summary>Returns a run's result; for a run without a result, what is known.</summary>
    public Task<RunReport> ShowAsync(Guid runId, CancellationToken cancellationToken) =>
        database.RunAsync(c => ShowAsync(c, runId, cancellationToken), cancellationToken);

    private async Task<RunReport> ShowAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken)
    {
        var (kind, status, started, finished, result, died, isDry) = (await connection.RowsAsync(
            $"""
            select kind, status, started_at, finished_at, result::text, status = 'running' and {RunLockSql.IsLeft},
                   coalesce((case when jsonb_typeof(options) = 'object' then options ->> 'dryRun' end)::boolean, false)
            from bubblesync.run r where run_id = @run
            """,
            r =>
                (Word.Parse<RunKind>(r.GetString(0)), Word.Parse<RunStatus>(
                    r.GetString(1)), r.GetFieldValue<DateTimeOffset>(2), Moment(r, 3), r.IsDBNull(4) ? null : r.GetString(4), r.GetBoolean(5), r.GetBoolean(6)),
            cancellationToken, ("run", runId)))[0];
        if (result is not null)
            return RunReport.Parse(result);

        var entities = await connection.RowsAsync(ResumePoint.EntitiesSql, ResumePoint.Entity, cancellationToken, ("run", runId));
        return new RunReport
        {
            RunId = runId,
            Kind = kind,
            Target = database.Place,
            Status = status,
            StartedAt = started,
            FinishedAt = finished ?? started,
            Entities = [.. entities.OrderBy(e => e.Level).ThenBy(e => e.Name, StringComparer.Ordinal)],
            Warnings = died ? ["The run ended unexpectedly: it holds its lock in the database no "
                + $"more.{(kind == RunKind.Resync && !isDry ? " To go on, resume it." : "")}"] : [],
            Died = died,
            DryRun = isDry,
        };
    }

    /// <summary>Checks that a run had an entity, so that an empty log means that nothing was reported about it.</summary>
    /// <exception cref="SyncException">It had others: a usage error.</exception>
    public async Task RequireEntityAsync(Guid runId, string? entity, CancellationToken cancellationToken)
    {
        var known = await database.RunAsync(c => c.RowsAsync(EntitiesSql, r => r.GetString(0), cancellationToken, ("run", runId)), cancellationToken);
        if (entity is not null && known.Count > 0 && !known.Contains(entity))
            throw new SyncException(new SyncError(SyncStage.Settings, entity, null, "--entity", ErrorCode.NoSuchEntity, $"Run {runId} had no entity "
                + $"'{entity}'.{DidYouMean.Hint(entity, known)}"));
    }

    /// <summary>Returns a run's activity log in order.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="level">Only lines of this level and of graver ones, or null for all.</param>
    /// <param name="entity">Only lines of this entity, or null for all.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public IAsyncEnumerable<ActivityLine> LogAsync(Guid runId, Severity? level, string? entity, CancellationToken cancellationToken) =>
        LogAsync(runId, level, entity, DateTimeOffset.MinValue, cancellationToken);

    /// <summary>The same, and then each further line as it is written, until the run has ended or died.</summary>
    public async IAsyncEnumerable<ActivityLine> FollowAsync(
        Guid runId, Severity? level, string? entity, TimeProvider clock, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (seen, recent, since) = (new HashSet<ActivityLine>(), new Queue<ActivityLine>(), DateTimeOffset.MinValue);
        while (true)
        {
            // Checked before the lines are read, so that the last ones are not missed.
            var hasEnded = await HasEndedAsync(runId, cancellationToken);
            await foreach (var line in LogAsync(runId, level, entity, since, cancellationToken))
            {
                if (!seen.Add(line))
                    continue;

                yield return line;
                recent.Enqueue(line);
                since = line.At - LongestTransaction > since ? line.At - LongestTransaction : since;
                while (recent.TryPeek(out var oldest) && oldest.At < since)
                    seen.Remove(recent.Dequeue());
            }

            if (hasEnded)
                yield break;

            await Task.Delay(Pause, clock, cancellationToken);
        }
    }

    private Task<bool> HasEndedAsync(Guid runId, CancellationToken cancellationToken)
    {
        const string Sql = $"select status <> 'running' or {RunLockSql.IsLeft} from bubblesync.run r where run_id = @run";
        return database.RunAsync(c => c.ScalarAsync<bool>(Sql, cancellationToken, ("run", runId)), cancellationToken);
    }

    private async IAsyncEnumerable<ActivityLine> LogAsync(
        Guid runId, Severity? level, string? entity, DateTimeOffset since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
        await session.Connection.DisableStatementTimeoutAsync(cancellationToken);
        var lines = session.Connection.StreamAsync(
            LogSql,
            r => new ActivityLine(
                r.GetFieldValue<DateTimeOffset>(0), Word.Parse<Severity>(r.GetString(1)), Word.Parse<SyncStage>(r.GetString(2)),
                r.IsDBNull(3) ? null : r.GetString(3), r.IsDBNull(4) ? null : r.GetString(4), r.GetString(5)),
            cancellationToken, ("run", runId), ("levels", Levels(level)), ("entity", entity ?? ""), ("since", since));
        await foreach (var line in lines)
            yield return line;
    }

    private static string[] Levels(Severity? least) => [.. Enum.GetValues<Severity>().Where(s => s >= least).Select(Word.Of)];

    private static RunListing Listing(NpgsqlDataReader r) => new(
        r.GetGuid(0), Word.Parse<RunKind>(r.GetString(1)), Word.Parse<RunStatus>(r.GetString(2)), r.GetFieldValue<DateTimeOffset>(3), Moment(r, 4),
        r.GetBoolean(5), r.GetInt64(6), r.GetInt64(7),
        r.GetInt64(8), r.GetInt64(9), r.GetBoolean(10), r.IsDBNull(11) ? null : r.GetString(11));

    private static DateTimeOffset? Moment(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);

    private static SyncException Usage(string message, NextAction? next = null) =>
        new(new SyncError(SyncStage.Settings, null, null, "RUN", ErrorCode.NoSuchRun, message) { Next = next });
}
