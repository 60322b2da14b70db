using System.Data;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Load;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs;

namespace BubbleSync.Etl.Graph;

/// <summary>A full-history resync: every entity read side by side, staged, merged level by level, patched at the end.</summary>
internal sealed class ResyncRun(SyncSettings settings, ResyncOptions options, TargetDatabase database, SyncPlan plan, RunJournal journal, TimeProvider clock) : IRecordedRun, IAsyncDisposable
{
    private const int MostRejectsNamed = 100;
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    private readonly ApiMeter _meter = new();
    private readonly Throttle _throttle = new(settings.Bubble.MaxConcurrency, settings.Bubble.RequestsPerMinute, clock);
    private readonly TargetTransactions _transactions = new(database, options.DryRun);
    private readonly LevelGate _gate = new(plan.Entities.Select(e => e.Level));
    private readonly RunFindings _findings = new();
    private List<EntityRun> _entities = [];

    /// <inheritdoc/>
    public RunProgress Progress => new([.. _entities.Select(e => e.Flow.Progress)], _meter.Counts, _throttle.InFlight, _throttle.AllowedPerMinute);

    /// <inheritdoc/>
    public RunFindings Findings => _findings;

    /// <inheritdoc/>
    public IReadOnlyList<EntityReport> Reports => [.. _entities.Select(e => e.Report)];

    /// <summary>Runs to the end.</summary>
    /// <param name="everyPlan">All entities, named ones or not: links held back earlier may belong to any of them.</param>
    /// <param name="patches">The patch stage.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    public async Task RunAsync(IReadOnlyList<EntityPlan> everyPlan, PatchStage patches, CancellationToken cancellationToken)
    {
        using var client = new BubbleClient(settings.Bubble, _throttle, _meter, clock);
        var order = new ReadingOrder(clock);
        _entities = [.. plan.Entities.Select(e => new EntityRun(e, client, settings.Bubble, order, database, journal))];

        // A type that is not exposed stops the run here, before anything is read.
        await Together.RunAsync(_entities, _entities.Count, (e, token) => e.Flow.ProbeAsync(token), cancellationToken);
        await Together.RunAsync(_entities, _entities.Count, (e, token) => SyncAsync(e, End(), token), cancellationToken);
        await Together.RunAsync(_entities, 2, ReportLinksAsync, cancellationToken);

        _findings.Patches = await patches.RunAsync(_transactions, everyPlan, cancellationToken);
        foreach (var entity in _entities)
            _findings.Add(entity);
        _findings.AddFailures(_findings.Patches);

        // A dry run's one transaction holds locks on staging for as long as it lives.
        await _transactions.DisposeAsync();
        await DropStagingAsync(cancellationToken);
    }

    // The way of an entity: read and stage, wait for the levels below, merge.
    private async Task SyncAsync(EntityRun entity, DateTimeOffset end, CancellationToken cancellationToken)
    {
        entity.StartedAt = clock.GetUtcNow();
        await entity.CreateStagingAsync(cancellationToken);
        await entity.Flow.ReadAsync(end, cancellationToken);

        entity.Flow.State = EntityState.Merging;
        await _gate.WaitAsync(entity.Plan.Level, cancellationToken);
        await MergeAsync(entity, cancellationToken);
        entity.Flow.State = EntityState.Done;
        _gate.Pass(entity.Plan.Level);
    }

    private async Task MergeAsync(EntityRun entity, CancellationToken cancellationToken)
    {
        try
        {
            var merger = new Merger(entity.Plan, entity.Staging, journal.RunId, options.Force);
            entity.Report = await _transactions.InOneAsync(
                IsolationLevel.RepeatableRead,
                async connection =>
                {
                    var counts = await merger.MergeAsync(connection, entity.Staged, entity.IsComplete, cancellationToken);
                    var report = entity.Merged(counts, clock.GetUtcNow());
                    await journal.MergedAsync(connection, report, entity.StartedAt, cancellationToken);
                    entity.Rejects = report.Rejected > 0 ? await journal.RejectsAsync(connection, entity.Plan.Name, MostRejectsNamed, cancellationToken) : [];
                    return report;
                },
                cancellationToken);
        }
        catch (Npgsql.NpgsqlException failure)
        {
            throw PostgresFailure.Explain(failure, "load", entity.Plan.Name);
        }
    }

    // Only now: an agent may name a user, who is merged a level later.
    private async Task ReportLinksAsync(EntityRun entity, CancellationToken cancellationToken)
    {
        var links = new MissingLinks(entity.Plan, entity.Staging, journal.RunId);
        entity.Report = await _transactions.InOneAsync(
            IsolationLevel.ReadCommitted,
            async connection =>
            {
                var report = entity.Report with { MissingLinks = await links.ReportAsync(connection, cancellationToken) };
                await journal.MergedAsync(connection, report, entity.StartedAt, cancellationToken);
                return report;
            },
            cancellationToken);
    }

    private async Task DropStagingAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        foreach (var entity in _entities)
            await connection.ExecuteAsync(entity.Staging.Drop, cancellationToken);
    }

    // The upper bound of the history, on whichever clock is behind: what is newer belongs to the catch-up pass. The margin is for
    // writes that take a moment to appear in searches.
    private DateTimeOffset End()
    {
        var clocks = _entities.Select(e => e.Flow.Whole!.ServerTime).OfType<DateTimeOffset>().Append(clock.GetUtcNow());
        var moment = clocks.Min() - Margin;
        return new DateTimeOffset(moment.Ticks - (moment.Ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
    }

    /// <summary>Gives back what the run holds; in a dry run, takes everything back.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var entity in _entities)
            await entity.DisposeAsync();
        await _transactions.DisposeAsync();
    }
}
