using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Runs.Stages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Staging;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Runs.Chosen;

/// <summary>Syncs records of an entity with all related records: reads them by id, many per call, then stages, merges and patches as usual.</summary>
internal sealed class RecordRun : IRecordedRun, IAsyncDisposable
{
    private readonly SyncSettings _settings;
    private readonly TargetDatabase _database;
    private readonly RunJournal _journal;
    private readonly TimeProvider _clock;
    private readonly string _root;
    private readonly bool _force;
    private readonly BubbleConnection _bubble;
    private readonly TargetTransactions _transactions;
    private readonly ResolvePlans _resolve;
    private readonly ReadingOrder _order;
    private List<EntityRun> _entities = [];
    private long _failures;

    /// <summary>Sets up a run; sends and writes nothing yet.</summary>
    public RecordRun(
        SyncSettings settings, string root, bool force, BubbleConnection bubble, TargetDatabase database, RunLock runLock, ResolvePlans resolve,
        RunJournal journal, TimeProvider clock)
    {
        (_settings, _bubble, _database, _resolve, _journal, _clock) = (settings, bubble, database, resolve, journal, clock);
        (_root, _force) = (root, force);
        _transactions = new TargetTransactions(database, dryRun: false, runLock.CheckAsync);
        _order = new ReadingOrder(clock);
    }

    /// <inheritdoc/>
    public RunProgress Progress => ApiProgress.Of(_bubble).With(_entities.Select(e => e.Flow));

    /// <inheritdoc/>
    public RunFindings Findings { get; } = new();

    /// <inheritdoc/>
    public IReadOnlyList<EntityReport> Reports => [.. _entities.Select(e => e.SoFar)];

    /// <inheritdoc/>
    public bool IsFailed { get; private set; }

    /// <summary>Runs to the end.</summary>
    /// <param name="choose">Gets what to sync; may call Bubble.</param>
    /// <param name="patches">The patch stage.</param>
    /// <param name="take">Receives the outcome of each record, once all are merged.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    public async Task RunAsync(
        Func<BubbleClient, EntityPlan, CancellationToken, Task<FoundRecords>> choose, PatchStage patches, Action<RecordResult> take,
        CancellationToken cancellationToken)
    {
        var plans = await _resolve(Findings, cancellationToken);
        using var graph = new RunPipeline(RunGraph.PagesWaiting, cancellationToken);
        _entities = [.. plans.Select(p => new EntityRun(p, graph, _database, _journal) { StartedAt = _clock.GetUtcNow() })];
        var (root, others) = (_entities.First(e => e.Plan.Name == _root), _entities.Where(e => e.Plan.Name != _root).ToList());
        var records = new ChosenRecords(_bubble.Client, _settings.Bubble, _order);
        var related = new RelatedRecords(root, others, records, new StagedLinks(_database), Findings);
        var outcomes = new StagedOutcomes(_database);
        var (since, chosen) = (default(DateTimeOffset), new FoundRecords([], []));

        var merging = new MergeOptions(_force, PruneMode.None, 0, NextStep.Again);
        var readAgain = new RecordsById(_bubble.Client, _settings.Bubble);
        var merge = new MergeStage(merging, _database, _transactions, _journal, _clock) { ReadAgain = readAgain.ReadAsync };
        var final = new FinalStages(merging, _database, _transactions, _journal, Findings, patches, () => [.. _entities.Where(IsTouched)]);
        await new RunGraph(graph, _entities)
            .Once("begin", async token =>
            {
                since = await _database.RunAsync(
                    async connection =>
                    {
                        await StagingTable.MakeAsync(connection, [.. _entities.Select(e => e.Staging)], token);
                        return await StagedOutcomes.NowAsync(connection, token);
                    },
                    token);
            })
            .Once(
                "choose records",
                async token =>
                {
                    chosen = await choose(_bubble.Client, root.Plan, token);
                    await ReadAsync(root, chosen, records, token);
                    await related.ReadAsync(token);
                },
                feedsLines: true)
            .Merge(merge, MergeStage.AlwaysAllowed, CancellationToken.None, IsTouched)
            .Finish(final)
            .Once(
                "outcomes",
                token => ReportAsync(new RecordOutcomes(root, others, related, outcomes, _force).ReadAsync(chosen.Ids, since, token), chosen.Count, take))
            .Once("drop staging", token => final.ClearAsync(_entities, token))
            .RunAsync();
    }

    // Most syncs affect few entities: those without a staged record are skipped.
    private static bool IsTouched(EntityRun entity) => entity.Staged.Records > 0 || !entity.IsComplete;

    private async Task ReadAsync(EntityRun root, FoundRecords chosen, ChosenRecords records, CancellationToken cancellationToken)
    {
        await records.ByIdAsync(root, chosen.Ids, cancellationToken);
        // They are rejected as everywhere else, and reported.
        if (chosen.Unusable.Count > 0)
            await root.Flow.PassAsync(token => ReplayedRecords.ReadAsync(chosen.Unusable.ToAsyncEnumerable(), _order, token), cancellationToken);
    }

    private async Task ReportAsync(IAsyncEnumerable<RecordResult> results, int count, Action<RecordResult> take)
    {
        var hasSuccess = false;
        await foreach (var result in results)
        {
            hasSuccess |= result.Success;
            AddFailures(result);
            take(result);
        }

        AddUnnamedFailures();
        IsFailed = count > 0 && !hasSuccess;
    }

    /// <summary>Releases the resources of the run.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var entity in _entities)
            await entity.DisposeAsync();
        await _transactions.DisposeAsync();
    }

    // Rejected records are among the findings already.
    private void AddFailures(RecordResult result)
    {
        foreach (var error in result.Errors.Where(e => e is { Severity: Severity.Error, Code: not ErrorCode.Rejected }))
        {
            if (_failures++ < RunFindings.MostRejects)
                Findings.Errors.Add(new SyncError(SyncStage.Extract, error.Entity, error.BubbleId, null, error.Code, error.Message));
        }
    }

    private void AddUnnamedFailures()
    {
        if (_failures <= RunFindings.MostRejects)
            return;

        var message = Invariant($"{_root}: {_failures} records were not synced; the first {RunFindings.MostRejects} are named.");
        Findings.Errors.Add(new SyncError(SyncStage.Extract, _root, null, null, ErrorCode.NotFound, message));
    }
}
