using System.Collections.Concurrent;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Journal.Lags;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Reports.Mirror;
using BubbleSync.Etl.Runs.Draining;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Runs.Stages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Runs;

/// <summary>Runs a full resync: reads all entities in parallel, stages, merges level by level, patches at the end.</summary>
internal sealed class ResyncRun : IRecordedRun, IAsyncDisposable
{
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(10);

    private readonly SyncSettings _settings;
    private readonly ResyncOptions _options;
    private readonly TargetDatabase _database;
    private readonly ResolvePlans _resolve;
    private readonly RunJournal _journal;
    private readonly ResumePoint? _resumed;
    private readonly TimeProvider _clock;
    private readonly BubbleConnection _bubble;
    private readonly TargetTransactions _transactions;
    private readonly MergeOptions _merging;
    private readonly MergeStage _merge;
    private readonly ReadingOrder _order;
    private readonly DrainLimit _limit;
    private DateTimeOffset _end;
    private List<EntityRun> _entities = [];
    private Dictionary<EntityRun, FullExtract> _histories = [];

    /// <summary>Sets up a run; sends and writes nothing yet.</summary>
    public ResyncRun(
        SyncSettings settings, ResyncOptions options, BubbleConnection bubble, TargetDatabase database, Func<CancellationToken, Task> checkLock,
        ResolvePlans resolve, RunJournal journal, ResumePoint? resumed, TimeProvider clock)
    {
        (_settings, _options, _bubble, _database, _resolve, _journal, _resumed, _clock) =
            (settings, options, bubble, database, resolve, journal, resumed, clock);
        (_order, _limit) = (new ReadingOrder(clock), new DrainLimit(options.Drain));
        _transactions = new TargetTransactions(database, options.DryRun, checkLock);
        _merging = new MergeOptions(options.Force, options.Prune, options.PruneLimitPercent, NextStep.Of(options)) { PatchesAllRows = true };
        _merge = new MergeStage(_merging, database, _transactions, journal, clock) { ReadAgain = new RecordsById(bubble.Client, settings.Bubble).ReadAsync };
    }

    /// <inheritdoc/>
    public RunProgress Progress => ApiProgress.Of(_bubble).With(_entities.Select(e => e.Flow));

    /// <inheritdoc/>
    public RunFindings Findings { get; } = new();

    /// <inheritdoc/>
    public IReadOnlyList<EntityReport> Reports => [.. _entities.Select(e => e.SoFar)];

    /// <inheritdoc/>
    public string WhatStays => _options.DryRun ? "Everything that this dry run did was rolled back." : IRecordedRun.MergesStay;

    /// <summary>Runs to the end.</summary>
    public async Task RunAsync(PatchStage patches, CancellationToken cancellationToken)
    {
        var plans = await _resolve(Findings, cancellationToken);
        if (_options.Backfill || _options.Force)
            plans = await _database.RunAsync(c => FilledColumns.ApplyAsync(c, plans, _options.Backfill, cancellationToken), cancellationToken);
        using var graph = new RunPipeline(RunGraph.PagesWaiting, cancellationToken);
        var run = Build(graph, plans, patches);
        await using var asked = _options.Drain.Register(() => _journal.Logger.Stops(
            RunText.Count(_histories.Values.Sum(h => h.WindowsBegun), "window"), RunText.Count(_merge.UnderWay, "merge"), LongestDrain.TotalSeconds));
        try
        {
            await run.RunAsync();
        }
        catch (SyncException stopped) when (stopped.Errors[0].Code == ErrorCode.TooManyRejects && !_options.DryRun)
        {
            await _merge.KeepRejectsAsync(_entities, cancellationToken);
            throw;
        }
        catch
        {
            await _merge.TrySupersedeAsync(_entities);
            throw;
        }

        // Work in progress has ended and is kept; a resume does the rest.
        if (_entities.Any(e => e.IsLeft))
            _options.Drain.ThrowIfCancellationRequested();
    }

    /// <summary>Builds the run's graph; sends and writes nothing yet.</summary>
    public RunGraph Build(RunPipeline graph, IReadOnlyList<EntityPlan> plans, PatchStage patches)
    {
        _entities = [.. plans.Select(e => Entity(e, graph))];
        _histories = _entities.ToDictionary(e => e, e => new FullExtract(e.Flow, new EntitySource(_bubble.Client, e.Plan), _settings.Bubble, _order));
        var final = new FinalStages(_merging, _database, _transactions, _journal, Findings, patches, () => _entities) { ReadAgain = _merge.ReadAgain };
        var refused = new ConcurrentBag<SyncError>();
        var run = new RunGraph(graph, _entities)
            .Each("count", (e, token) => ProbeAsync(e, refused, token))
            .Once("upper bound", token => FixBoundAsync(refused, token))
            .Each("begin", PrepareAsync)
            // The check of rejects before each merge counts what is staged of every entity.
            .Once("all begun", _ => Task.CompletedTask)
            .Extract(ReadAsync);
        // A dry run's one transaction locks what it merges until the end, so it merges only after Bubble is read.
        if (_options.DryRun)
            run.Once("all read", _ => Task.CompletedTask);
        return run.Merge(_merge, CheckRejectsAsync, _options.Drain).Finish(final).Once("drop staging", token => final.ClearAsync(_entities, token));
    }

    private EntityRun Entity(EntityPlan plan, RunPipeline graph)
    {
        var part = _options.MostRecords is { } most ? Invariant($"the newest {most}") : null;
        var entity = new EntityRun(plan, graph, _database, _journal) { ReadsEverything = part is null, Part = part };
        entity.Flow.MostRecords = _options.MostRecords;
        return entity;
    }

    /// <summary>Releases the run's resources; a dry run is rolled back except for staging, which the next run removes.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var entity in _entities)
            await entity.DisposeAsync();
        await _transactions.DisposeAsync();
    }

    private async Task ProbeAsync(EntityRun entity, ConcurrentBag<SyncError> refused, CancellationToken cancellationToken)
    {
        if (entity.Plan.Backfill is { IsKept: true })
            return;

        try
        {
            await _limit.RunAsync(_histories[entity].ProbeAsync, TimeSpan.Zero, cancellationToken);
        }
        catch (SyncException hidden) when (hidden.Errors[0].Code == ErrorCode.TypeNotExposed)
        {
            refused.Add(hidden.Errors[0]);
        }
    }

    // A type that is not exposed stops the run here, before anything is read; all of them are named.
    private async Task FixBoundAsync(ConcurrentBag<SyncError> refused, CancellationToken cancellationToken)
    {
        if (!refused.IsEmpty)
            throw new SyncException([.. refused.OrderBy(e => e.Entity, StringComparer.Ordinal)]);

        Rank();
        _end = _resumed?.UpperBound ?? await FixBoundAsync(cancellationToken);
        await _journal.BoundAsync(_end, cancellationToken);
    }

    private async Task<DateTimeOffset> FixBoundAsync(CancellationToken cancellationToken)
    {
        var bound = await _limit.RunAsync(token => UpperBound.FixAsync(_bubble.Client, _database, _clock, token), TimeSpan.Zero, cancellationToken);
        Findings.Warn(bound.Warning);
        return bound.At;
    }

    // Lower levels first, so that they merge while higher ones are read; in a level the largest first: its merge takes longest.
    private void Rank()
    {
        var turns = _entities.OrderBy(e => e.Plan.Level).ThenByDescending(e => e.Flow.ExtractLog.CountedBefore);
        foreach (var (turn, entity) in turns.Index())
            _histories[entity].SetPriority(turn);
    }

    private Task PrepareAsync(EntityRun entity, CancellationToken cancellationToken)
    {
        entity.Bound = _end;
        return _resumed is null ? entity.BeginAsync(_options.Prune != PruneMode.None, cancellationToken)
            : entity.Plan.Backfill is { IsKept: true } ? entity.BeginAgainAsync(cancellationToken)
            : entity.TakeOverAsync(_resumed, cancellationToken);
    }

    private async Task ReadAsync(EntityRun entity, CancellationToken cancellationToken)
    {
        entity.StartedAt = _clock.GetUtcNow();
        if (entity.IsMerged)
            return;

        try
        {
            await _limit.RunAsync(
                token => entity.Plan.Backfill is { IsKept: true } kept
                    ? ReadKeptAsync(entity, kept, token)
                    : _options.MostRecords is { } most ? _histories[entity].ReadNewestAsync(most, _end, token)
                    : _histories[entity].ReadAsync(_end, _options.Drain, token),
                LongestDrain, cancellationToken);
        }
        catch (SyncException ended) when (ended.Errors[0].Code == ErrorCode.Cancelled)
        {
            // It is left unmerged.
        }
    }

    private Task ReadKeptAsync(EntityRun entity, Backfill backfill, CancellationToken cancellationToken)
    {
        Findings.Warn($"{entity.Plan.Name}: {string.Join(", ", backfill.Columns)}: filled from column '{entity.Plan.Unmapped!.Name}', which keeps what Bubble "
            + "sent. Bubble was not asked.");
        var kept = new KeptFields(entity.Plan, backfill.Columns);
        return entity.Flow.PassAsync(token => ReplayedRecords.ReadAsync(kept.ReadAsync(_database, token), _order, token), cancellationToken);
    }

    // Before each merge, over all records read so far: a bad run stops before it changes more. A percentage is a part of all records to be read:
    // of the few records read before the first merge, a few rejects would be too many.
    private async Task CheckRejectsAsync(CancellationToken cancellationToken)
    {
        if (_options.MaxRejects is not { } most)
            return;

        var (read, rejected) = (0L, 0L);
        foreach (var entity in _entities)
        {
            var count = await entity.CountAsync(cancellationToken);
            (read, rejected) = (read + Math.Max(count.Records, entity.Flow.Expected ?? 0), rejected + count.Rejected);
        }

        if (!most.IsExceeded(rejected, read))
            return;

        var wayOut = _options.DryRun ? ""
            : " Check the rejected records, fix the maps, then run again; or resume the run with a larger limit of rejected records.";
        throw new SyncException(new SyncError(
            SyncStage.Transform, null, null, null, ErrorCode.TooManyRejects,
            Invariant($"{rejected} of {read} records were rejected, more than the limit of {most}; nothing more is merged.{wayOut}")));
    }
}
