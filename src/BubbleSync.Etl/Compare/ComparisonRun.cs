using System.Data;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Journal.Kept;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Merge.Pruning;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Runs.Stages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Staging;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Compare;

/// <summary>The records to compare: all, those modified since a moment, or a sample; and whether they are kept as they came.</summary>
internal sealed record ComparisonScope(DateTimeOffset? Since, Limit? Sample, bool KeepsRaw = false)
{
    /// <summary>Whether only the counts of both sides are compared, and only records are read where these differ.</summary>
    public bool ByCounts { get; init; }

    /// <summary>What is read, if not everything; else null.</summary>
    public string? Part => Since is { } since ? $"what was modified since {UtcText.Of(since)}" : Sample is { } sample ? $"a sample of {sample}" : null;
}

/// <summary>
/// Reads Bubble as a resync does, into staging of its own, and lets each entity be compared with its table. It locks no table and writes only
/// staging, the journal, and notes of what Bubble does not have, so it can run beside other runs.
/// </summary>
internal sealed class ComparisonRun(
    SyncSettings settings, ComparisonScope scope, BubbleConnection bubble, TargetDatabase database, RunLock runLock, ResolvePlans resolve, RunJournal journal,
    TimeProvider clock)
    : IRecordedRun, IAsyncDisposable
{
    private List<EntityRun> _entities = [];

    /// <inheritdoc/>
    public RunProgress Progress => ApiProgress.Of(bubble).With(_entities.Select(e => e.Flow)) with { Compares = true };

    /// <inheritdoc/>
    public RunFindings Findings { get; } = new();

    /// <inheritdoc/>
    public IReadOnlyList<EntityReport> Reports => [.. _entities.Select(e => e.SoFar)];

    /// <inheritdoc/>
    public string WhatStays => "It changes no row, and can be run again at any time.";

    /// <summary>What is read, if not everything; else null.</summary>
    public string? Part => scope.Part;

    /// <summary>Whether only the counts of both sides are compared, and only records are read where these differ.</summary>
    public bool IsByCounts => scope.ByCounts;

    /// <summary>Reads what is to be compared, and then compares it.</summary>
    /// <param name="compare">Compares the entities of <see cref="Entities"/>, each before it takes the next.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    public async Task RunAsync(Func<CancellationToken, Task> compare, CancellationToken cancellationToken)
    {
        var plans = await resolve(Findings, cancellationToken);
        using var graph = new RunPipeline(RunGraph.PagesWaiting, cancellationToken);
        _entities = [.. plans.Select(p => Entity(p, graph))];
        var order = new ReadingOrder(clock);
        var histories = _entities.ToDictionary(e => e, e => new FullExtract(e.Flow, new EntitySource(bubble.Client, e.Plan), settings.Bubble, order));
        var end = default(DateTimeOffset);
        await new RunGraph(graph, _entities)
            // To compare counts, one answer is enough here: it shows Bubble's clock.
            .Each("count", (entity, token) => scope.ByCounts && entity != _entities[0] ? Task.CompletedTask : histories[entity].ProbeAsync(token))
            .Once("upper bound", async token => end = await FixBoundAsync(token))
            .Each("begin", (entity, token) => BeginAsync(entity, end, token))
            .Extract((entity, token) => ReadAsync(entity, histories[entity], end, token))
            .Once("compare", compare)
            .RunAsync();
    }

    /// <summary>Lists the entities by name, once all are read.</summary>
    public IEnumerable<EntityRun> Entities()
    {
        foreach (var entity in _entities.OrderBy(e => e.Plan.Name, StringComparer.Ordinal))
        {
            yield return entity;
            entity.Flow.State = EntityState.Done;
        }
    }

    /// <summary>
    /// Returns a query of differences that are known without reading; null where everything is read. Parameterless, with the columns of a
    /// <see cref="RecordDifference"/>.
    /// </summary>
    public string? Known(EntityRun entity) =>
        scope.ByCounts && entity.Bound is { } bound ? new LivingRecords(entity.Plan, entity.Staging, journal.RunId, bound).Differences : null;

    /// <summary>Prepares what is staged of an entity and opens the snapshot on which it is compared.</summary>
    public async Task<ComparedEntity> OpenAsync(EntityRun entity, CancellationToken cancellationToken)
    {
        // Without its lock another run may have removed its staging.
        await runLock.CheckAsync(cancellationToken);
#pragma warning disable CA2000 // The compared entity disposes of it.
        var session = await database.BeginAsync(IsolationLevel.RepeatableRead, cancellationToken);
#pragma warning restore CA2000
        try
        {
            var records = new StagedRecords(entity.Plan, entity.Staging, journal.RunId);
            var counts = await records.PrepareAtOnceAsync(session.Connection, entity.Staged, NextStep.Again, cancellationToken);
            return new ComparedEntity(entity, counts, session);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Keeps differences for later reports.</summary>
    public Task KeepAsync(IReadOnlyList<VerifiedDifference> differences, CancellationToken cancellationToken) =>
        new KeptDifferences(database).AddAsync(journal.RunId, differences, cancellationToken);

    /// <summary>Ends the comparison of an entity and writes its result to the journal.</summary>
    public async Task CloseAsync(ComparedEntity compared, long equal, long extra, AbsentKept kept, CancellationToken cancellationToken)
    {
        var (entity, counts) = (compared.Entity, compared.Counts);
        var report = entity.Merged(new EntityCounts(counts, 0, 0, 0, extra) { AbsentKept = kept }, clock.GetUtcNow());
        entity.Report = report = report with { Unchanged = equal };
        await journal.MergedAsync(compared.Connection, report, entity.StartedAt, cancellationToken);
        await compared.CommitAsync(cancellationToken);
        // Not in the comparison's snapshot: other runs may write the same rejects.
        await database.RunAsync(
            c => RejectedRecords.SupersedeOtherVersionsAsync(c, journal.RunId, entity.Plan, entity.Staging.Name, cancellationToken), cancellationToken);
        if (entity.IsComplete && !scope.ByCounts)
        {
            await database.RunAsync(
                c => RejectedRecords.SupersedeGoneAsync(c, journal.RunId, entity.Plan, entity.Staging.Name, cancellationToken), cancellationToken);
        }

        foreach (var issue in entity.Flow.ExtractLog.Issues)
        {
            var what = $"{entity.Plan.Name}: not shown to be complete: {issue.Message}. What was read is compared; rows that Bubble does not have are "
                + "not looked for.";
            Findings.Errors.Add(new SyncError(SyncStage.Extract, entity.Plan.Name, null, null, issue.Code, what));
        }
    }

    /// <summary>Removes staging; the next run removes what remains.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var entity in _entities)
            await entity.DisposeAsync();
        try
        {
            foreach (var entity in _entities)
                await database.RunAsync(c => c.ExecuteAsync(entity.Staging.Drop, CancellationToken.None), CancellationToken.None);
        }
        catch (Exception gone) when (gone is SyncException || PostgresFailure.IsOfSession(gone))
        {
            // The run's own failure is the one to report.
        }
    }

    private EntityRun Entity(EntityPlan plan, RunPipeline graph) =>
        new(StagingTable.ForComparison(plan, journal.RunId, scope.KeepsRaw), graph, database, journal) { Part = scope.Part };

    private async Task<DateTimeOffset> FixBoundAsync(CancellationToken cancellationToken)
    {
        var (end, warning) = await UpperBound.FixAsync(bubble.Client, database, clock, cancellationToken);
        Findings.Warn(warning);
        await journal.BoundAsync(end, cancellationToken);
        return end;
    }

    private Task BeginAsync(EntityRun entity, DateTimeOffset end, CancellationToken cancellationToken)
    {
        (entity.StartedAt, entity.Bound) = (clock.GetUtcNow(), end);
        return entity.BeginAsync(countsRows: false, cancellationToken);
    }

    private Task ReadAsync(EntityRun entity, FullExtract history, DateTimeOffset end, CancellationToken cancellationToken) => scope switch
    {
        { ByCounts: true } => CountAsync(entity, history, end, cancellationToken),
        { Since: { } since } => history.ReadChangesAsync(since, end, cancellationToken),
        { Sample: { } sample } => history.ReadSampleAsync(sample, end, cancellationToken),
        _ => history.ReadAsync(end, CancellationToken.None, cancellationToken),
    };

    private Task CountAsync(EntityRun entity, FullExtract history, DateTimeOffset end, CancellationToken cancellationToken)
    {
        var readById = new RecordsById(bubble.Client, settings.Bubble);
        var source = new EntitySource(bubble.Client, entity.Plan);
        return new CountCheck(entity, history, source, readById.ReadAsync, database, journal, settings.Bubble, end).RunAsync(null, cancellationToken);
    }
}

/// <summary>An entity while it is compared: what is staged, and the snapshot of the table.</summary>
internal sealed class ComparedEntity(EntityRun entity, StagedCounts counts, TargetSession session) : IAsyncDisposable
{
    /// <summary>The entity.</summary>
    public EntityRun Entity => entity;

    /// <summary>What is staged of it.</summary>
    public StagedCounts Counts => counts;

    /// <summary>The connection with the snapshot.</summary>
    public NpgsqlConnection Connection => session.Connection;

    /// <summary>Commits what was written to the journal and returns the session.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        await session.CommitAsync(cancellationToken);
        await session.DisposeAsync();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => session.DisposeAsync();
}
