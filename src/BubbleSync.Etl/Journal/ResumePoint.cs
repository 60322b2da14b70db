using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Journal;

/// <summary>A run that ended early, and the work that need not be repeated.</summary>
/// <param name="RunId">The run, which goes on under its id.</param>
/// <param name="Options">What it was asked to do.</param>
/// <param name="UpperBound">The upper bound of its history, or null where it ended before that was fixed.</param>
/// <param name="Merged">The entities that are merged.</param>
/// <param name="Windows">What is staged of the others, by entity.</param>
internal sealed record ResumePoint(
    Guid RunId, ResyncOptions Options, DateTimeOffset? UpperBound, IReadOnlyDictionary<string, EntityReport> Merged, ILookup<string, StagedReading> Windows)
{
    private const string RunSql =
        """
        select run_id, status, options::text, upper_bound
        from bubblesync.run
        where kind = 'resync' and target_schema = @schema and not coalesce((options ->> 'dryRun')::boolean, false) and starts_with(run_id::text, @run)
        order by started_at desc
        limit case @run when '' then 1 else 2 end
        """;

    /// <summary>The results of a run's entities, as <see cref="Entity"/> reads them.</summary>
    public const string EntitiesSql =
        """
        select entity, level, expected, extracted, staged, inserted, updated, unchanged, conflicts, rejected, missing_links, not_in_bubble, pruned,
          duration_ms, proof::text,
          absent_kept, absent_kept_links, clear_refused::text
        from bubblesync.run_entity
        where run_id = @run
        """;

    private const string WindowsSql =
        """
        select entity, kind, from_at, to_at, count_before, rows_read, count_after, rows_staged, checksum, status, reason
        from bubblesync."window"
        where run_id = @run
        """;

    /// <summary>Finds the run to resume.</summary>
    /// <exception cref="SyncException">There is none: a usage error.</exception>
    public static async Task<ResumePoint> FindAsync(NpgsqlConnection connection, string schema, string? run, CancellationToken cancellationToken)
    {
        var found = await connection.RowsAsync(
            RunSql,
            r =>
                (Id: r.GetGuid(0), Status: Word.Parse<RunStatus>(
                    r.GetString(1)), Options: r.GetString(2), Bound: r.IsDBNull(3) ? (DateTimeOffset?)null : r.GetFieldValue<DateTimeOffset>(3)),
            cancellationToken, ("schema", schema), ("run", run?.ToLowerInvariant() ?? ""));
        if (found.Count > 1)
            throw Nothing($"several resyncs begin with '{run}'; give more of the id");
        if (found.Count == 0)
            throw Nothing(run is null ? "there is no resync of this schema yet" : $"there is no resync '{run}' of this schema");
        if (found[0].Status is RunStatus.Succeeded or RunStatus.Partial)
            throw Nothing($"the {(run is null ? "last resync" : "run")} {found[0].Id} ended as {Word.Of(found[0].Status)}");

        var merged = await connection.RowsAsync(EntitiesSql, Entity, cancellationToken, ("run", found[0].Id));
        var windows = await connection.RowsAsync(WindowsSql, Staged, cancellationToken, ("run", found[0].Id));
        return new ResumePoint(
            found[0].Id, ReportJson.Read(found[0].Options, new ResyncOptions()), found[0].Bound,
            merged.ToDictionary(e => e.Name), windows.ToLookup(w => w.Entity, w => w.Window));
    }

    /// <summary>Reads a row of <see cref="EntitiesSql"/>.</summary>
    public static EntityReport Entity(NpgsqlDataReader row) => new()
    {
        Name = row.GetString(0),
        Level = row.GetInt32(1),
        Expected = row.IsDBNull(2) ? null : row.GetInt64(2),
        Extracted = row.GetInt64(3),
        Staged = row.GetInt64(4),
        Inserted = row.GetInt64(5),
        Updated = row.GetInt64(6),
        Unchanged = row.GetInt64(7),
        Conflicts = row.GetInt64(8),
        Rejected = row.GetInt64(9),
        MissingLinks = row.GetInt64(10),
        NotInBubble = row.GetInt64(11),
        Pruned = row.GetInt64(12),
        DurationMs = row.GetInt64(13),
        Proof = row.IsDBNull(14) ? null : ReportJson.Read<EntityProof?>(row.GetString(14)),
        AbsentKept = row.GetInt64(15),
        AbsentKeptLinks = row.GetInt64(16),
        ClearRefused = row.IsDBNull(17) ? null : ReportJson.Read<IReadOnlyList<ClearRefusal>?>(row.GetString(17)),
    };

    private static (string Entity, StagedReading Window) Staged(NpgsqlDataReader row)
    {
        DateTimeOffset? Moment(int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
        long? Count(int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

        return (row.GetString(0), new StagedReading(
            new Window(Word.Parse<WindowKind>(row.GetString(1)), Moment(2), Moment(3)),
            new ReadingResult(Word.Parse<Outcome>(row.GetString(9)), Count(4), row.GetInt64(5), Count(6), row.IsDBNull(10) ? null : row.GetString(10)),
            row.GetInt64(7), unchecked((ulong)row.GetInt64(8))));
    }

    private static SyncException Nothing(string why) => new(new SyncError(
        SyncStage.Settings, null, null, "--resume", ErrorCode.NothingToResume, $"There is nothing to resume: {why}. Start a new resync.")
    {
        Next = new NextAction(NextActionKind.ResyncEntities),
    });
}
