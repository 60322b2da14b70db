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
using static System.FormattableString;

namespace BubbleSync.Etl.Runs.Chosen;

/// <summary>Invoices with all that belongs to them: read by ids, many to a call, then staged, merged and patched like everything else.</summary>
internal sealed class InvoiceRun : IRecordedRun, IAsyncDisposable
{
    /// <summary>The entity whose records are chosen.</summary>
    public const string Root = "invoice";

    private readonly SyncSettings _settings;
    private readonly TargetDatabase _database;
    private readonly RunJournal _journal;
    private readonly TimeProvider _clock;
    private readonly bool _force;
    private readonly BubbleConnection _bubble;
    private readonly TargetTransactions _transactions;
    private readonly SettlePlans _settle;
    private List<EntityRun> _entities = [];
    private long _failures;

    /// <summary>Sets up a run; nothing is asked or written yet.</summary>
    public InvoiceRun(
        SyncSettings settings, bool force, BubbleConnection bubble, TargetDatabase database, RunLock runLock, SettlePlans settle, RunJournal journal,
        TimeProvider clock)
    {
        (_settings, _bubble, _database, _settle, _journal, _clock, _force) = (settings, bubble, database, settle, journal, clock, force);
        _transactions = new TargetTransactions(database, dryRun: false, runLock.CheckAsync);
    }

    /// <inheritdoc/>
    public RunProgress Progress => ApiProgress.Of(_bubble).With(_entities.Select(e => e.Flow));

    /// <inheritdoc/>
    public RunFindings Findings { get; } = new();

    /// <inheritdoc/>
    public IReadOnlyList<EntityReport> Reports => [.. _entities.Select(e => e.Report)];

    /// <inheritdoc/>
    public bool IsFailed { get; private set; }

    /// <summary>Runs to the end.</summary>
    /// <param name="choose">Gives what to sync, asking Bubble where it must.</param>
    /// <param name="patches">The patch stage.</param>
    /// <param name="take">Takes what came of each invoice, once all are merged.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    public async Task RunAsync(
        Func<BubbleClient, EntityPlan, CancellationToken, Task<FoundRecords>> choose, PatchStage patches, Action<InvoiceResult> take,
        CancellationToken cancellationToken)
    {
        _entities = [.. (await _settle(Findings, cancellationToken)).Select(p => new EntityRun(p, _database, _journal) { StartedAt = _clock.GetUtcNow() })];
        var root = _entities.First(e => e.Plan.Name == Root);
        var outcomes = new StagedOutcomes(_database);
        var since = await outcomes.NowAsync(cancellationToken);
        foreach (var entity in _entities)
            await entity.CreateStagingAsync(cancellationToken);

        var chosen = await choose(_bubble.Client, root.Plan, cancellationToken);
        var order = new ReadingOrder(_clock);
        var records = new ChosenRecords(_bubble.Client, _settings.Bubble, order);
        var others = _entities.Where(e => e != root).ToList();
        var related = new RelatedRecords(root, others, records, new StagedLinks(_database), Findings);
        await records.ByIdAsync(root, chosen.Ids, cancellationToken);
        // They are rejected as everywhere else, and told of.
        if (chosen.Unusable.Count > 0)
            await root.Flow.PassAsync(token => ReplayedRecords.ReadAsync(chosen.Unusable.ToAsyncEnumerable(), order, token), cancellationToken);
        await related.ReadAsync(cancellationToken);

        // Most syncs touch few entities: those of which nothing came, and surely so, are left alone.
        var touched = _entities.Where(e => e.Staged.Records > 0 || !e.IsComplete).ToList();
        var options = new MergeOptions(_force, PruneMode.None, 0, NextStep.Again);
        var merge = new MergeStage(options, touched.Select(e => e.Plan), _database, _transactions, _journal, Findings, _clock)
        {
            ReadAgain = new RecordsById(_bubble.Client, _settings.Bubble).ReadAsync,
        };
        await ParallelWork.RunAsync(touched, Math.Max(1, touched.Count), (e, token) => merge.MergeInTurnAsync(e, MergeStage.AlwaysAllowed, CancellationToken.None, token), cancellationToken);
        await merge.SettleAsync(touched, patches, cancellationToken);
        var hasSuccess = false;
        await foreach (var result in new InvoiceOutcomes(root, others, related, outcomes, _force).ReadAsync(chosen.Ids, since, cancellationToken))
        {
            hasSuccess |= result.Success;
            AddFailures(result);
            take(result);
        }

        AddUnnamedFailures();
        IsFailed = chosen.Count > 0 && !hasSuccess;
        await merge.ClearAsync(_entities, cancellationToken);
    }

    /// <summary>Gives back what the run holds.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var entity in _entities)
            await entity.DisposeAsync();
        await _transactions.DisposeAsync();
    }

    // What was rejected is among the findings already.
    private void AddFailures(InvoiceResult result)
    {
        foreach (var error in result.Errors.Where(e => e is { Severity: "error", Code: not "rejected" }))
        {
            if (_failures++ < RunFindings.MostRejects)
                Findings.Errors.Add(new SyncError("extract", error.Entity, error.BubbleId, null, error.Code, error.Message));
        }
    }

    private void AddUnnamedFailures()
    {
        if (_failures <= RunFindings.MostRejects)
            return;

        var message = Invariant($"{Root}: {_failures} records were not synced; the first {RunFindings.MostRejects} are named.");
        Findings.Errors.Add(new SyncError("extract", Root, null, null, "not-found", message));
    }
}
