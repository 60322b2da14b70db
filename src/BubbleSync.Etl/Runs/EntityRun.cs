using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Runs.Stages;
using BubbleSync.Etl.Staging;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Runs;

/// <summary>One entity in a run: its pipeline into staging, and its results.</summary>
internal sealed class EntityRun : IAsyncDisposable
{
    private readonly TargetDatabase _database;
    private readonly RunJournal _journal;
    private readonly StagingWriter _writer;
    private readonly Lock _amending = new();

    /// <summary>Sets up an entity; nothing is read or written yet.</summary>
    public EntityRun(EntityPlan plan, RunPipeline graph, TargetDatabase database, RunJournal journal)
        : this(new StagingTable(plan, journal.RunId), graph, database, journal)
    {
    }

    /// <summary>Sets up an entity that is staged in a table of its own.</summary>
    public EntityRun(StagingTable staging, RunPipeline graph, TargetDatabase database, RunJournal journal)
    {
        var plan = staging.Plan;
        (_database, _journal) = (database, journal);
        Plan = plan;
        Staging = staging;
        _writer = new StagingWriter(
            database, Staging, (connection, end, staged, token) => journal.CheckpointAsync(connection, plan.Name, end, staged.Records, staged.Checksum, token));
        Flow = new EntityPipeline(graph, plan, _writer.WriteAsync, staging.KeepsRaw) { Slots = database.Windows, Abandon = _writer.AbandonAsync };
        Report = new EntityReport { Name = plan.Name, Level = plan.Level };
    }

    /// <summary>The entity.</summary>
    public EntityPlan Plan { get; }

    /// <summary>The pipeline of its records into staging.</summary>
    public EntityPipeline Flow { get; }

    /// <summary>Where they are staged.</summary>
    public StagingTable Staging { get; }

    /// <summary>Its results so far.</summary>
    public EntityReport Report { get; set; }

    /// <summary>Its results; as long as it is not merged, how many records are expected and staged.</summary>
    public EntityReport SoFar => IsMerged || Report.Proof is not null ? Report : Report with { Expected = Flow.Expected, Staged = Staged.Records };

    /// <summary>Table errors other than refused records.</summary>
    public IReadOnlyList<SyncError> Refusals { get; set; } = [];

    /// <summary>The first fields that did not convert.</summary>
    public IReadOnlyList<SyncError> Rejects { get; set; } = [];

    /// <summary>Records without a row that a backfill left out.</summary>
    public long Rowless { get; set; }

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; set; }

    /// <summary>What is staged.</summary>
    public StagedTotal Staged => _writer.Staged;

    /// <summary>Whether an earlier attempt at the same run has merged it.</summary>
    public bool IsMerged { get; private set; }

    /// <summary>Whether it was not merged because the run was asked to stop early.</summary>
    public bool IsLeft { get; set; }

    /// <summary>What is read, if not everything; else null.</summary>
    public string? Part { get; init; }

    /// <summary>Whether the run is to read everything that Bubble has of the entity, not only what changed.</summary>
    public bool ReadsEverything { get; init; }

    /// <summary>Why it is not shown to be complete. Of an entity that an earlier attempt merged, only its proof says so.</summary>
    public IReadOnlyList<CompletenessIssue> Issues => IsMerged && Report.Proof is { } proof
        ? [.. proof.Issues.Select(d => new CompletenessIssue(proof.IsConstraintIgnored ? ErrorCode.ConstraintIgnored : ErrorCode.Unproved, d))]
        : Flow.ExtractLog.Issues;

    /// <summary>Whether everything that was to be read was read, and verified.</summary>
    public bool IsComplete => Part is null && Flow.ExtractLog.Issues.Count == 0;

    /// <summary>What the run found when it began to read the entity; null where it is not needed.</summary>
    public TargetBaseline? Baseline { get; private set; }

    /// <summary>The upper bound of the reading, once known.</summary>
    public DateTimeOffset? Bound { get; set; }

    /// <summary>The limit of the reading; null where it is not known.</summary>
    public Horizon? Horizon => Baseline is { } baseline && Bound is { } bound ? new Horizon(bound, baseline.Snapshot) : null;

    /// <summary>The result of counting its records; null if they were not counted.</summary>
    public CountedRows? Counted { get; set; }

    /// <summary>Records without Created Date that Bubble has, where everything was read or counted.</summary>
    public long Undated =>
        Counted?.Undated ?? Flow.ExtractLog.Accepted.Where(a => a.Window.Kind == WindowKind.Undated).Sum(a => a.ReadingResult.RowsRead);

    /// <summary>Makes the staging tables.</summary>
    public Task CreateStagingAsync(CancellationToken cancellationToken) => _writer.MakeAsync(cancellationToken);

    /// <summary>Makes the staging tables and notes what the table holds before anything is read.</summary>
    /// <param name="countsRows">Whether to count the table's rows.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task BeginAsync(bool countsRows, CancellationToken cancellationToken)
    {
        await CreateStagingAsync(cancellationToken);
        await BeginUnstagedAsync(countsRows, cancellationToken);
    }

    /// <summary>The same without the staging tables: the first record makes them.</summary>
    public async Task BeginUnstagedAsync(bool countsRows, CancellationToken cancellationToken) =>
        Baseline = await _database.RunAsync(c => _journal.BaselineAsync(c, Plan, countsRows, cancellationToken), cancellationToken);

    /// <summary>
    /// Takes over what an earlier attempt at the same run has done. The entity starts again if the server lost that in a crash, if app, type, table or key
    /// changed, or if the table was emptied since.
    /// </summary>
    public async Task TakeOverAsync(ResumePoint point, CancellationToken cancellationToken)
    {
        await BeginAsync(countsRows: true, cancellationToken);
        await ClearOtherLayoutsAsync(cancellationToken);
        var merged = point.Merged.GetValueOrDefault(Plan.Name);
        if (!Baseline!.IsSame || (merged is not null && await IsEmptiedAsync(merged, cancellationToken)))
        {
            await BeginAnewAsync(cancellationToken);
            return;
        }

        if (merged is not null)
            await TakeOverMergedAsync(merged, cancellationToken);
        else if (!await TryTakeOverStagedAsync([.. point.Windows[Plan.Name]], cancellationToken))
            await BeginAnewAsync(cancellationToken);
    }

    /// <summary>Starts the entity again and removes what an earlier attempt at the same run has staged.</summary>
    public async Task BeginAgainAsync(CancellationToken cancellationToken)
    {
        await CreateStagingAsync(cancellationToken);
        await BeginAnewAsync(cancellationToken);
    }

    private async Task TakeOverMergedAsync(EntityReport merged, CancellationToken cancellationToken)
    {
        (Report, IsMerged) = (merged, true);
        Flow.TakeOver(merged);
        Rejects = await _database.RunAsync(c => _journal.RejectsAsync(c, Plan.Name, RunFindings.MostRejects + 1, cancellationToken), cancellationToken);
    }

    private async Task<bool> TryTakeOverStagedAsync(IReadOnlyList<StagedReading> windows, CancellationToken cancellationToken)
    {
        var expected = windows.Aggregate(default(StagedTotal), (sum, w) => sum + new StagedTotal(w.Records, w.Checksum));
        var records = new StagedRecords(Plan, Staging, _journal.RunId);
        var staged = await _database.RunAsync(c => records.SumAsync(c, cancellationToken), cancellationToken);
        if (staged.Total != expected)
            return false;

        _writer.Add(expected);
        Flow.TakeOver(windows, staged.Rejected);
        return true;
    }

    private Task ClearOtherLayoutsAsync(CancellationToken cancellationToken) =>
        _database.RunAsync(c => StaleStaging.ClearOtherLayoutsAsync(c, Plan, _journal.RunId, cancellationToken), cancellationToken);

    private async Task BeginAnewAsync(CancellationToken cancellationToken) => Baseline = await _database.RunAsync(
        async connection =>
        {
            await connection.ExecuteAsync(Staging.Empty, cancellationToken);
            await _journal.ForgetAsync(connection, Plan.Name, cancellationToken);
            return await _journal.BaselineAsync(connection, Plan, countsRows: true, cancellationToken);
        },
        cancellationToken);

    private async Task<bool> IsEmptiedAsync(EntityReport merged, CancellationToken cancellationToken)
    {
        var hasRows = $"select exists (select from {Plan.Table})";
        return merged.Extracted > merged.Rejected
            && !await _database.RunAsync(c => c.ScalarAsync<bool>(hasRows, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// How many different records it has so far, and how many of them were rejected, in this attempt at the run or in an earlier one. What was read and
    /// discarded does not count.
    /// </summary>
    public async Task<(long Records, long Rejected)> CountAsync(CancellationToken cancellationToken)
    {
        if (Report.Proof is not null)
            return (Report.Extracted, Report.Rejected);

        var records = new StagedRecords(Plan, Staging, _journal.RunId);
        return await _database.RunAsync(c => records.CountDistinctAsync(c, cancellationToken), cancellationToken);
    }

    /// <summary>Changes a part of the results, where stages work at the same time.</summary>
    public void Amend(Func<EntityReport, EntityReport> change)
    {
        lock (_amending)
            Report = change(Report);
    }

    /// <summary>Returns the report of a merge.</summary>
    public EntityReport Merged(EntityCounts counts, DateTimeOffset now)
    {
        var (extractLog, prepared) = (Flow.ExtractLog, counts.Prepared);
        var (accepted, issues) = (extractLog.Accepted, extractLog.Issues);
        return Report with
        {
            Expected = extractLog.CountedBefore,
            Extracted = prepared.Extracted,
            Staged = prepared.Staged,
            Inserted = counts.Inserted,
            Updated = counts.Updated,
            Unchanged = counts.Unchanged,
            Conflicts = counts.Conflicts,
            Rejected = prepared.Rejected,
            NotInBubble = counts.NotInBubble ?? Counted?.Gone ?? 0,
            AbsentKept = counts.AbsentKept.Values,
            AbsentKeptLinks = counts.AbsentKept.Links,
            ClearRefused = counts.ClearRefused is { Count: > 0 } refused ? refused : null,
            DurationMs = (long)(now - StartedAt).TotalMilliseconds,
            Proof = new EntityProof(
                IsComplete, extractLog.CountedBefore, extractLog.CountedAfter, accepted.Count(a => a.Window.Kind != WindowKind.Modified), extractLog.Rereads,
                accepted.Sum(a => a.ReadingResult.RowsRead), prepared.Staged, Text(Staged.Checksum), Text(prepared.Checksum),
                [.. issues.Select(i => i.Message)])
            {
                Part = Part,
                CountedHere = Counted?.Here,
                IsConstraintIgnored = issues.Any(i => i.Code == ErrorCode.ConstraintIgnored),
            },
        };

        // Each record counts once, however often it was read.
        string Text(ulong checksum) => $"{unchecked(checksum - prepared.Superseded):x16}";
    }

    /// <summary>Rolls back what is partly staged.</summary>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
