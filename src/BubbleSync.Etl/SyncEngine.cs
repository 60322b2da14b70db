using System.Globalization;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Preflight;
using BubbleSync.Etl.Preflight.Examinations;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Runs.Chosen;
using BubbleSync.Etl.Runs.Draining;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Settings.Reading;
using BubbleSync.Etl.Words;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BubbleSync.Etl;

/// <summary>
/// The front door: each method is one command. What cannot even start throws <see cref="SyncException"/>; what started ends in a report. An engine keeps
/// nothing between commands, and several can be under way at once.
/// </summary>
/// <param name="settings">All settings.</param>
/// <param name="clock">The clock of runs, pauses and time-outs.</param>
/// <param name="logger">Receives what happens; never a field's value, never a secret.</param>
/// <param name="handler">
/// Sends the requests to Bubble; null for one that fits the settings. The engine does not dispose of it. It must not follow redirects, which would take the
/// token to another address.
/// </param>
public sealed partial class SyncEngine(SyncSettings settings, TimeProvider clock, ILogger<SyncEngine> logger, HttpMessageHandler? handler = null)
{
    /// <summary>The name of the activity source and of the meter.</summary>
    public const string TelemetryName = "BubbleSync.Etl";

    /// <summary>The id of the log event that begins a wait of more than ten seconds.</summary>
    public const int WaitEvent = EngineLog.WaitEvent;

    /// <summary>The id of the log event that a resync was asked to stop, with what it ends first.</summary>
    public const int StopEvent = EngineLog.StopEvent;

    private Guid? RunId { get; init; }

    /// <summary>Makes an engine with the clock of the system that logs nothing.</summary>
    /// <param name="settings">All settings.</param>
    public SyncEngine(SyncSettings settings)
        : this(settings, TimeProvider.System, NullLogger<SyncEngine>.Instance)
    {
    }

    /// <summary>
    /// Returns the engine for one run, which is recorded under the given id. So a host knows the id before the run starts. A resumed run keeps its own id.
    /// </summary>
    /// <param name="runId">The id: new, and of version 7 so that runs sort by their time (<see cref="Guid.CreateVersion7(DateTimeOffset)"/>).</param>
    public SyncEngine ForRun(Guid runId) => new(settings, clock, logger, handler) { RunId = runId };

    /// <summary>Reads the full history of all entities, or of those named, and merges it.</summary>
    /// <param name="options">What is asked.</param>
    /// <param name="progress">Receives the run's progress several times a second; may be null.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    /// <exception cref="SyncException">The run cannot begin; or it was asked to stop before it began.</exception>
    public Task<RunReport> ResyncAsync(ResyncOptions options, IProgress<RunProgress>? progress, CancellationToken cancellationToken) =>
        // A run that is not recorded yet has nothing to end in good order.
        GuardedAsync(() => new DrainLimit(options.Drain).RunAsync(async begin =>
    {
        RequireSource(OptionsCheck.Faults(options, settings.Bubble));
        var made = options.Create ? await CreateTablesAsync(options.Entities, begin) : [];
        // The sessions of a run carry its id: a resumed one its old id.
        var runId = options.Resume ? await ResumedIdAsync(options.ResumeRun, begin) : NewRunId();
        await using var target = await (options.AcceptSource
            ? OpenAsync($"bubblesync {runId}", begin)
            : OpenForReadingAsync($"bubblesync {runId}", begin));
        var resumed = options.Resume ? await target.FindResumedAsync($"{runId}", begin) : null;
        options = resumed is null
            ? options
            : resumed.Options with
            {
                MaxRejects = options.MaxRejects,
                MaxCalls = options.MaxCalls,
                AcceptSource = options.AcceptSource,
                Drain = options.Drain,
            };
        if (options.MostRecords is not null)
            options = options with { Prune = PruneMode.None };
        var plan = target.Plan(options.Entities).ThrowIfInvalid();
        var backfills = options.Backfill ? await target.BackfillsAsync(plan, options.Entities.Count > 0, begin) : null;
        if (backfills is not null && resumed is null)
        {
            options = options with { Prune = PruneMode.None, Entities = [.. backfills.Keys] };
            if (options.Entities.Count == 0)
                return NothingToFill(target.Database.Place);
            plan = target.Plan(options.Entities).ThrowIfInvalid();
        }

        await using var runLock = await target.LockAsync(runId, plan.Entities, NextStep.Of(options), begin);
        var use = new TargetUse(IsWritten: true) { Deletes = options.Prune == PruneMode.Hard, RunId = runId };
        await target.RequireReadyAsync(plan, use, begin);
        // What it did may have changed until the locks were taken.
        resumed = resumed is null ? null : await target.FindResumedAsync($"{runId}", begin);
        using var bubble = Connect(options.MaxCalls, NextStep.Of(options), options.Drain);
        var journal = target.Journal(runId, isDryRun: options.DryRun);
        if (options.AcceptSource)
            await AcceptSourceAsync(target, bubble.Client, runId, options.DryRun, begin);
        // Where the tables keep all that is to be filled, Bubble is not asked at all.
        var asks = backfills is null || !plan.Entities.All(e => backfills.GetValueOrDefault(e.Name) is { IsKept: true });
        var resolve = Resolving(target, options.Entities, asks ? bubble : null, options.Drain);
        await using var run = new ResyncRun(settings, options, bubble, target.Database, runLock.CheckAsync, resolve, journal, resumed, clock);
        run.Findings.Warnings.AddRange([.. made, .. plan.Warnings]);
        run.Findings.Warnings.AddRange(await target.PrepareAsync(plan, journal.RunId, options.DryRun, begin));
        if (asks)
            await ConfirmSourceAsync(target, bubble.Client, begin);
        var patches = target.Patches([], journal.RunId, isFull: true);
        return await new RunRecorder(journal, clock)
            .RecordAsync(RunKind.Resync, options, resumed is not null, run, progress, token => run.RunAsync(patches, token), cancellationToken);
    }, TimeSpan.Zero, cancellationToken), cancellationToken);

    private RunReport NothingToFill(TargetPlace target) => new()
    {
        RunId = null,
        Kind = RunKind.Resync,
        Target = target,
        Status = RunStatus.Succeeded,
        StartedAt = clock.GetUtcNow(),
        FinishedAt = clock.GetUtcNow(),
        Warnings = ["Nothing to fill: no map gained a column since the rows of its entity were filled. Bubble was not asked."],
    };

    /// <summary>Runs the patch stage alone: all patches, or those named.</summary>
    public Task<RunReport> PatchAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        var runId = NewRunId();
        await using var target = await OpenAsync($"bubblesync {runId}", cancellationToken);
        var patches = target.Patches(names, runId, isFull: true);

        await using var runLock = await target.LockAsync(runId, target.Plan([]).Sound, NextStep.Again, cancellationToken);
        await target.EnsureControlTablesAsync(cancellationToken);
        await using var transactions = new TargetTransactions(target.Database, dryRun: false, runLock.CheckAsync);
        var run = new PatchRun(transactions, patches);
        run.Findings.Warnings.AddRange(target.Warnings);
        var recorder = new RunRecorder(target.Journal(runId), clock);
        return await recorder.RecordAsync(RunKind.Patch, names.ToArray(), false, run, null, run.RunAsync, cancellationToken);
    }, cancellationToken);

    /// <summary>Maps and merges the rejected records of a run again, as they were kept, without Bubble.</summary>
    /// <param name="run">The run's id, the beginning of it, or <c>last</c>.</param>
    /// <param name="force">Whether the records as they were kept win over local edits and over rows of the same date or a newer one.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    public Task<RunReport> ReprocessAsync(string run, bool force, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        var runId = NewRunId();
        await using var target = await OpenAsync($"bubblesync {runId}", cancellationToken);
        await target.EnsureControlTablesAsync(cancellationToken);
        var of = await new RunHistory(target.Database).FindAsync(run, cancellationToken);
        var rejected = new RejectedRecords(target.Database, of);
        var choice = await ReprocessChoice.ReadAsync(rejected, of, target.Maps, cancellationToken);
        var source = new ReprocessSource(rejected, choice.Rebuilt, new ReadingOrder(clock));
        var options = new PartialRunOptions(RunKind.Reprocess, new RecordedReprocessing(of, force), force, "what an earlier run rejected; Bubble was not asked")
        {
            Warnings = choice.Warnings,
            Errors = choice.Errors,
            ReadAgain = rejected.ReadAsync,
        };
        return await RunPartAsync(
            options, target, choice.Entities, runId, null, null, (_, _) => Task.FromResult<ReadEntity>(source.ReadAsync), cancellationToken);
    }, cancellationToken);

    /// <summary>Checks everything that a run needs, changes nothing, and reports how to fix what is wrong.</summary>
    public Task<DoctorReport> ExamineAsync(CancellationToken cancellationToken) =>
        GuardedAsync(() => new Doctor(settings, clock, logger, handler).ExamineAsync(cancellationToken), cancellationToken);

    /// <summary>Opens the history of earlier runs.</summary>
    public Task<RunArchive> OpenArchiveAsync(CancellationToken cancellationToken) =>
        GuardedAsync(() => RunArchive.OpenAsync(Checked().Postgres, cancellationToken), cancellationToken);

    private async Task<RunReport> RunPartAsync(
        PartialRunOptions options, SyncTarget target, IReadOnlyList<string> entities, Guid runId, BubbleConnection? bubble, IProgress<RunProgress>? progress,
        Func<SyncPlan, RunFindings, Task<ReadEntity>> prepare, CancellationToken cancellationToken)
    {
        var plan = target.Plan(entities).ThrowIfInvalid();
        await using var runLock = await target.LockAsync(runId, plan.Entities, NextStep.Again, cancellationToken);
        var use = new TargetUse(IsWritten: true) { Deletes = options.Prune == PruneMode.Hard, RunId = runId };
        await target.RequireReadyAsync(plan, use, cancellationToken);
        var journal = target.Journal(runId, options.ReadsBubble);
        Func<ApiProgress> api = bubble is null ? () => ApiProgress.None : () => ApiProgress.Of(bubble);
        var resolve = Resolving(target, entities, bubble, CancellationToken.None);
        await using var run = new PartialRun(options, target.Database, runLock, resolve, journal, api, clock);
        run.Findings.Warnings.AddRange([.. options.Warnings, .. plan.Warnings, .. await target.PrepareAsync(plan, runId, dryRun: false, cancellationToken)]);
        run.Findings.Errors.AddRange(options.Errors);
        if (bubble is not null)
            await ConfirmSourceAsync(target, bubble.Client, cancellationToken);
        var read = await prepare(plan, run.Findings);
        var patches = target.Patches([], runId, isFull: false);
        return await new RunRecorder(journal, clock)
            .RecordAsync(options.Kind, options.Recorded, false, run, progress, token => run.RunAsync(read, patches, token), cancellationToken);
    }

    private Guid NewRunId() => RunId ?? Guid.CreateVersion7(clock.GetUtcNow());

    private async Task<Guid> ResumedIdAsync(string? run, CancellationToken cancellationToken)
    {
        await using var target = await OpenAsync("bubblesync resume", cancellationToken);
        return (await target.FindResumedAsync(run, cancellationToken)).RunId;
    }

    // Without Bubble nothing describes the app, and names are exact.
    private static ResolvePlans Resolving(SyncTarget target, IReadOnlyCollection<string> entities, BubbleConnection? bubble, CancellationToken drain) =>
        async (findings, token) =>
        {
            if (bubble is not null)
                await target.ResolveNamesAsync(bubble.Client, drain, token);
            var plans = target.Plan(entities).Entities;
            findings.Warnings.AddRange(target.NameWarnings(plans));
            return plans;
        };

    private BubbleConnection Connect(long? mostCalls = null, string nextStep = NextStep.Again, CancellationToken drain = default) =>
        new(settings.Bubble, clock, logger, handler, mostCalls, nextStep, drain);

    private Task<SyncTarget> OpenAsync(string applicationName, CancellationToken cancellationToken) =>
        SyncTarget.OpenAsync(Checked(), applicationName, logger, cancellationToken);

    private SyncSettings Checked()
    {
        settings.Validate();
        return settings;
    }

    // Whatever goes wrong leaves as the one family of errors; only the caller's own cancellation leaves as itself.
    private static async Task<T> GuardedAsync<T>(Func<Task<T>> command, CancellationToken cancellationToken)
    {
        // Messages and JSON are the same in every culture of the host. The host's culture is restored when this method returns.
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            return await command();
        }
        catch (Exception failure) when (failure is not SyncException && !(failure is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw PostgresFailure.Explain(failure, SyncStage.Load, null);
        }
    }
}
