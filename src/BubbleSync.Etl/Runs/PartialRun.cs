using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Runs.Stages;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Runs;

/// <summary>Passes an entity's records through its line of stages.</summary>
internal delegate Task ReadEntity(EntityRun entity, CancellationToken cancellationToken);

/// <summary>The properties of a run over a part of the records.</summary>
/// <param name="Kind">Its name in reports.</param>
/// <param name="Recorded">What it was asked to do, for the journal.</param>
/// <param name="Force">Whether its values win over local edits and over rows that are newer.</param>
/// <param name="Part">What it reads, if that cannot verify all of Bubble; else null.</param>
/// <param name="ReadsBubble">Whether it reads Bubble, so that a later run may start from where this one ended.</param>
internal sealed record PartialRunOptions(RunKind Kind, object Recorded, bool Force = false, string? Part = null, bool ReadsBubble = false)
{
    /// <summary>Warnings that are known before it begins.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Errors that are known before it begins and make it partial.</summary>
    public IReadOnlyList<SyncError> Errors { get; init; } = [];

    /// <summary>What happens to rows that Bubble no longer has.</summary>
    public PruneMode Prune { get; init; }

    /// <summary>The largest part of an entity's rows that may be pruned.</summary>
    public decimal PruneLimitPercent { get; init; }

    /// <summary>Reads refused records again, to keep them as they were sent.</summary>
    public ReadRecords? ReadAgain { get; init; }
}

/// <summary>
/// A run over a part of the records: entities are read in parallel, each by a given function, then staged, merged level by level, and patched at the end.
/// </summary>
internal sealed class PartialRun : IRecordedRun, IAsyncDisposable
{
    private readonly TargetTransactions _transactions;
    private readonly PartialRunOptions _options;
    private readonly TargetDatabase _database;
    private readonly RunJournal _journal;
    private readonly ResolvePlans _resolve;
    private readonly Func<ApiProgress> _api;
    private readonly TimeProvider _clock;
    private List<EntityRun> _entities = [];

    /// <summary>Sets up a run; nothing is read or written yet.</summary>
    /// <param name="options">What it is.</param>
    /// <param name="database">The target.</param>
    /// <param name="runLock">The locks of the entities.</param>
    /// <param name="resolve">Determines their names.</param>
    /// <param name="journal">Where it is recorded.</param>
    /// <param name="api">The progress of the requests to Bubble.</param>
    /// <param name="clock">The clock.</param>
    public PartialRun(
        PartialRunOptions options, TargetDatabase database, RunLock runLock, ResolvePlans resolve, RunJournal journal, Func<ApiProgress> api,
        TimeProvider clock)
    {
        (_options, _database, _resolve, _journal, _api, _clock) = (options, database, resolve, journal, api, clock);
        _transactions = new TargetTransactions(database, dryRun: false, runLock.CheckAsync);
    }

    /// <inheritdoc/>
    public RunProgress Progress => _api().With(_entities.Select(e => e.Flow));

    /// <inheritdoc/>
    public RunFindings Findings { get; } = new();

    /// <inheritdoc/>
    public IReadOnlyList<EntityReport> Reports => [.. _entities.Select(e => e.SoFar)];

    /// <summary>Runs to the end.</summary>
    /// <param name="read">Reads an entity.</param>
    /// <param name="patches">The patch stage.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    public async Task RunAsync(ReadEntity read, PatchStage patches, CancellationToken cancellationToken)
    {
        var plans = await _resolve(Findings, cancellationToken);
        using var graph = new RunPipeline(RunGraph.PagesWaiting, cancellationToken);
        _entities = [.. plans.Select(p => new EntityRun(p, graph, _database, _journal) { StartedAt = _clock.GetUtcNow(), Part = _options.Part })];
        var merging = new MergeOptions(_options.Force, _options.Prune, _options.PruneLimitPercent, NextStep.Again);
        var merge = new MergeStage(merging, _database, _transactions, _journal, _clock) { ReadAgain = _options.ReadAgain };
        var final = new FinalStages(merging, _database, _transactions, _journal, Findings, patches, () => _entities) { ReadAgain = _options.ReadAgain };
        try
        {
            await new RunGraph(graph, _entities)
                .Each("begin", BeginAsync)
                .Extract((entity, token) => read(entity, token))
                .Merge(merge, MergeStage.AlwaysAllowed, CancellationToken.None)
                .Finish(final)
                .Once("drop staging", token => final.ClearAsync(_entities, token))
                .RunAsync();
        }
        catch
        {
            await merge.TrySupersedeAsync(_entities);
            throw;
        }
    }

    private Task BeginAsync(EntityRun entity, CancellationToken cancellationToken) =>
        _options.ReadsBubble ? entity.BeginUnstagedAsync(countsRows: false, cancellationToken) : entity.CreateStagingAsync(cancellationToken);

    /// <summary>Releases the resources of the run.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var entity in _entities)
            await entity.DisposeAsync();
        await _transactions.DisposeAsync();
    }
}
