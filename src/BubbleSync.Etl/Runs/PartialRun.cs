using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Runs.Stages;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Runs;

/// <summary>Passes an entity's records through its line of stages.</summary>
internal delegate Task ReadEntity(EntityRun entity, CancellationToken cancellationToken);

/// <summary>What a run over a part of the records is.</summary>
/// <param name="Kind">What reports call it.</param>
/// <param name="Recorded">What it was asked to do, for the journal.</param>
/// <param name="Force">Whether its values win over local edits and over rows that are newer.</param>
/// <param name="Part">What it reads where nothing of Bubble can be proved by it, or null.</param>
/// <param name="ReadsBubble">Whether it reads Bubble, so that a later run may start from where this one ended.</param>
internal sealed record PartialRunOptions(string Kind, object Recorded, bool Force = false, string? Part = null, bool ReadsBubble = false)
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

/// <summary>A run over a part of the records: entities side by side, each read as it is told to, staged, merged level by level, patched at the end.</summary>
internal sealed class PartialRun : IRecordedRun, IAsyncDisposable
{
    private readonly TargetTransactions _transactions;
    private readonly MergeStage _merge;
    private readonly Func<CancellationToken, Task<List<EntityRun>>> _settle;
    private readonly Func<ApiProgress> _api;
    private readonly bool _readsBubble;
    private List<EntityRun> _entities = [];

    /// <summary>Sets up a run; nothing is read or written yet.</summary>
    /// <param name="options">What it is.</param>
    /// <param name="database">The target.</param>
    /// <param name="runLock">The locks of the entities.</param>
    /// <param name="plans">The entities.</param>
    /// <param name="settle">Settles their names.</param>
    /// <param name="journal">Where it is recorded.</param>
    /// <param name="api">How the asking of Bubble is getting on.</param>
    /// <param name="clock">The clock.</param>
    public PartialRun(
        PartialRunOptions options, TargetDatabase database, RunLock runLock, IReadOnlyList<EntityPlan> plans, SettlePlans settle, RunJournal journal,
        Func<ApiProgress> api, TimeProvider clock)
    {
        _transactions = new TargetTransactions(database, dryRun: false, runLock.CheckAsync);
        var merging = new MergeOptions(options.Force, options.Prune, options.PruneLimitPercent, NextStep.Again);
        _merge = new MergeStage(merging, plans, database, _transactions, journal, Findings, clock)
        {
            ReadAgain = options.ReadAgain,
        };
        _settle = async token =>
            [.. (await settle(Findings, token)).Select(p => new EntityRun(p, database, journal) { StartedAt = clock.GetUtcNow(), Part = options.Part })];
        (_api, _readsBubble) = (api, options.ReadsBubble);
    }

    /// <inheritdoc/>
    public RunProgress Progress => _api().With(_entities.Select(e => e.Flow));

    /// <inheritdoc/>
    public RunFindings Findings { get; } = new();

    /// <inheritdoc/>
    public IReadOnlyList<EntityReport> Reports => [.. _entities.Select(e => e.Report)];

    /// <summary>Runs to the end.</summary>
    /// <param name="read">Reads an entity.</param>
    /// <param name="patches">The patch stage.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    public async Task RunAsync(ReadEntity read, PatchStage patches, CancellationToken cancellationToken)
    {
        _entities = await _settle(cancellationToken);
        try
        {
            await ParallelWork.RunAsync(_entities, _entities.Count, (entity, token) => ReadAndMergeAsync(entity, read, token), cancellationToken);
        }
        catch
        {
            await _merge.TrySupersedeAsync(_entities);
            throw;
        }

        await _merge.SettleAsync(_entities, patches, cancellationToken);
        await _merge.ClearAsync(_entities, cancellationToken);
    }

    private async Task ReadAndMergeAsync(EntityRun entity, ReadEntity read, CancellationToken cancellationToken)
    {
        await (_readsBubble ? entity.BeginAsync(countsRows: false, cancellationToken) : entity.CreateStagingAsync(cancellationToken));
        await read(entity, cancellationToken);
        await _merge.MergeInTurnAsync(entity, MergeStage.AlwaysAllowed, CancellationToken.None, cancellationToken);
    }

    /// <summary>Gives back what the run holds.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var entity in _entities)
            await entity.DisposeAsync();
        await _transactions.DisposeAsync();
    }
}
