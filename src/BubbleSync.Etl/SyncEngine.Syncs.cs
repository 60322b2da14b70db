using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Preflight;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Runs.Chosen;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Runs.Stages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Settings.Reading;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl;

/// <content>The commands that sync a part.</content>
public sealed partial class SyncEngine
{
    /// <summary>Syncs invoices with all that belongs to them: what they name, what names them, and their agent's login.</summary>
    /// <param name="ids">The invoices; of one id twice the first counts.</param>
    /// <param name="options">What is asked.</param>
    /// <param name="progress">Receives the run's progress several times a second; may be null.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    public async Task<InvoiceSyncReport> SyncInvoicesAsync(
        IReadOnlyList<string> ids, InvoiceSyncOptions options, IProgress<RunProgress>? progress, CancellationToken cancellationToken)
    {
        string[] skipped = [.. options.SkipUsers ? ["user"] : Array.Empty<string>(), .. options.SkipAgents ? ["agent"] : Array.Empty<string>()];
        var choice = new RecordChoice(RunKind.SyncInvoice, RecordFamily.Invoice, options.Force) { Skipped = skipped };
        var report = await SyncRecordsAsync(
            choice, ids, good => new RecordedInvoices(good, options.Force, options.SkipUsers, options.SkipAgents), progress, cancellationToken);
        return new InvoiceSyncReport(report.Success, [.. report.Results.Select(InvoiceForm.Of)], report.Run);
    }

    /// <summary>Syncs records of an entity with all that belongs to them: what they name, and what their maps say to follow.</summary>
    /// <param name="entity">The entity.</param>
    /// <param name="ids">The records; of one id twice the first counts.</param>
    /// <param name="force">Whether Bubble's values win over local edits and over rows that are newer.</param>
    /// <param name="progress">Receives the run's progress several times a second; may be null.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    public Task<RecordSyncReport> SyncRecordsAsync(
        string entity, IReadOnlyList<string> ids, bool force, IProgress<RunProgress>? progress, CancellationToken cancellationToken) =>
        SyncRecordsAsync(
            new RecordChoice(RunKind.SyncRecord, entity, force), ids, good => new RecordedRecords(entity, good, force), progress, cancellationToken);

    /// <summary>Syncs the invoices whose Modified Date lies in a range, with all that belongs to them.</summary>
    /// <param name="from">The first moment of the range.</param>
    /// <param name="to">The last moment of the range.</param>
    /// <param name="force">Whether Bubble's values win over local edits and over rows that are newer.</param>
    /// <param name="progress">Receives the run's progress several times a second; may be null.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    public Task<RangeSyncReport> SyncRangeAsync(
        DateTimeOffset from, DateTimeOffset to, bool force, IProgress<RunProgress>? progress, CancellationToken cancellationToken) =>
        SyncRecordsInRangeAsync(RecordFamily.Invoice, from, to, force, progress, cancellationToken);

    /// <summary>Syncs the records of an entity whose Modified Date lies in a range, with all that belongs to them.</summary>
    /// <param name="entity">The entity.</param>
    /// <param name="from">The first moment of the range.</param>
    /// <param name="to">The last moment of the range.</param>
    /// <param name="force">Whether Bubble's values win over local edits and over rows that are newer.</param>
    /// <param name="progress">Receives the run's progress several times a second; may be null.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    public async Task<RangeSyncReport> SyncRecordsInRangeAsync(
        string entity, DateTimeOffset from, DateTimeOffset to, bool force, IProgress<RunProgress>? progress, CancellationToken cancellationToken)
    {
        SettingsCheck.ThrowIfAny(RangeFaults(from, to));
        var chosen = new FoundRecords([], []);
        var tally = new RangeTally(entity);
        var choice = new RecordChoice(RunKind.SyncRange, entity, force);
        var recorded = new RecordedRange(entity, from, to, force);
        var report = await SyncChosenAsync(choice, recorded, async (client, plan, findings, token) =>
        {
            (chosen, var warning, var issue) = await new ModifiedRange(client, plan, settings.Bubble, clock).FindAsync(from, to, token);
            findings.Warn(warning);
            if (issue is not null)
            {
                var what = $"{plan.Name}: the listing is not shown to be complete: {issue.Message}. The run goes on with the records found.";
                findings.Errors.Add(new SyncError(SyncStage.Extract, plan.Name, null, null, issue.Code, what));
            }

            return chosen;
        }, tally.Add, progress, cancellationToken);
        return tally.Report(chosen, report);
    }

    /// <summary>Counts the records of an entity whose Modified Date lies in a range, by one request; nothing is written.</summary>
    /// <param name="entity">The entity.</param>
    /// <param name="from">The first moment of the range.</param>
    /// <param name="to">The last moment of the range.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The number, or null where Bubble does not say it.</returns>
    public Task<long?> CountModifiedAsync(string entity, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        GuardedAsync(async () =>
    {
        RequireSource(RangeFaults(from, to));
        using var bubble = new BubbleConnection(Impatient(settings.Bubble), clock, logger, handler);
        var plan = await ForeseeAsync([entity], bubble, cancellationToken);
        return await new ModifiedRange(bubble.Client, plan.Entities[0], settings.Bubble, clock).CountAsync(from, to, cancellationToken);
    }, cancellationToken);

    /// <summary>
    /// Reads what was modified since the last finished run, of all entities or of those named, and merges it; then counts on both sides what was deleted in
    /// Bubble or is missing here.
    /// </summary>
    /// <param name="options">What is asked.</param>
    /// <param name="progress">Receives the run's progress several times a second; may be null.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    public Task<RunReport> SyncIncrementalAsync(IncrementalOptions options, IProgress<RunProgress>? progress, CancellationToken cancellationToken) =>
        GuardedAsync(async () =>
    {
        RequireSource(OptionsCheck.Faults(options));
        var runId = NewRunId();
        await using var target = await OpenForReadingAsync($"bubblesync {runId}", cancellationToken);
        await target.EnsureControlTablesAsync(cancellationToken);
        using var bubble = Connect(options.MaxCalls);
        var order = new ReadingOrder(clock);
        var readById = new RecordsById(bubble.Client, settings.Bubble);
        var part = new PartialRunOptions(RunKind.Incremental, options, ReadsBubble: true)
        {
            ReadAgain = readById.ReadAsync,
            Prune = options.Prune,
            PruneLimitPercent = options.PruneLimitPercent,
        };
        return await RunPartAsync(part, target, options.Entities, runId, bubble, progress, async (plan, findings) =>
        {
            var journal = target.Journal(runId);
            var watermarks = await Watermarks.ReadAsync(target.Database, plan.Entities, options.Entities.Count == 0, journal.Source, cancellationToken);
            var overlap = TimeSpan.FromSeconds(settings.Run.OverlapSeconds);
            var bounded = new Lazy<Task<DateTimeOffset>>(async () =>
            {
                // The first answer shows Bubble's clock.
                await new EntitySource(bubble.Client, plan.Entities[0]).ProbeAsync(null, 0, cancellationToken);
                var (bound, warning) = await UpperBound.FixAsync(bubble.Client, target.Database, clock, cancellationToken);
                findings.Warn(warning);
                watermarks.RequireBefore(bound, overlap);
                await journal.BoundAsync(bound, cancellationToken);
                return bound;
            });
            return async (entity, token) =>
            {
                var bound = await bounded.Value;
                entity.Bound = bound;
                var since = watermarks.Of(entity.Plan) - overlap;
                var source = new EntitySource(bubble.Client, entity.Plan);
                var history = new FullExtract(entity.Flow, source, settings.Bubble, order);
                await history.ReadChangesAsync(since, bound, token);
                // Where not all changes were read, counts would differ for that.
                if (options.Prune != PruneMode.None && entity.IsComplete)
                {
                    await new CountCheck(entity, history, source, readById.ReadAsync, target.Database, journal, settings.Bubble, bound)
                        .RunAsync(since, token);
                }
            };
        }, cancellationToken);
    }, cancellationToken);

    private static IEnumerable<SyncError> RangeFaults(DateTimeOffset from, DateTimeOffset to) => from <= to
        ? []
        : [new(SyncStage.Settings, null, null, "--from", ErrorCode.Usage, $"The range begins ({UtcText.Of(from)}) after it ends ({UtcText.Of(to)}).")];

    private async Task<RecordSyncReport> SyncRecordsAsync(
        RecordChoice choice, IReadOnlyList<string> ids, Func<IReadOnlyList<string>, object> record, IProgress<RunProgress>? progress,
        CancellationToken cancellationToken)
    {
        var distinct = ids.Distinct().ToList();
        var unsynced = new UnsyncedRecord(choice.Entity);
        var byId = distinct.Where(id => !BubbleId.IsValid(id)).ToDictionary(id => id, unsynced.Malformed);
        var (good, malformed) = (distinct.Where(BubbleId.IsValid).ToList(), byId.Values.ToList());
        var report = await SyncChosenAsync(choice with { Asks = good.Count > 0 }, record(good), (_, _, findings, _) =>
        {
            findings.Errors.AddRange(malformed.Select(
                r => new SyncError(SyncStage.Extract, choice.Entity, r.BubbleId, null, ErrorCode.MalformedId, r.Errors[0].Message)));
            return Task.FromResult(new FoundRecords(good, [], malformed.Count));
        }, result => byId[result.BubbleId] = result, progress, cancellationToken);
        var all = distinct.Select(id => byId.GetValueOrDefault(id) ?? unsynced.NotReached(id, report)).ToList();
        return new RecordSyncReport(report.Status == RunStatus.Succeeded && all.TrueForAll(r => r.Success), choice.Entity, all, report);
    }

    private Task<RunReport> SyncChosenAsync(
        RecordChoice choice, object recorded, Func<BubbleClient, EntityPlan, RunFindings, CancellationToken, Task<FoundRecords>> choose,
        Action<RecordResult> take, IProgress<RunProgress>? progress, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        var runId = NewRunId();
        await using var target = await OpenForReadingAsync($"bubblesync {runId}", cancellationToken);
        var entities = choice.Family(target.Maps);
        var plan = target.Plan(entities).ThrowIfInvalid();
        await using var runLock = await target.LockAsync(runId, plan.Entities, NextStep.Again, cancellationToken);
        await target.RequireReadyAsync(plan, new TargetUse(IsWritten: true) { RunId = runId }, cancellationToken);
        using var bubble = Connect();
        var journal = target.Journal(runId);
        var resolve = Resolving(target, entities, choice.Asks ? bubble : null, CancellationToken.None);
        await using var run = new RecordRun(settings, choice.Entity, choice.Force, bubble, target.Database, runLock, resolve, journal, clock);
        run.Findings.Warnings.AddRange([.. plan.Warnings, .. await target.PrepareAsync(plan, runId, dryRun: false, cancellationToken)]);
        await ConfirmSourceAsync(target, bubble.Client, cancellationToken);
        var patches = target.Patches([], runId, isFull: false);
        return await new RunRecorder(journal, clock).RecordAsync(
            choice.Kind, recorded, false, run, progress,
            token => run.RunAsync((client, root, t) => choose(client, root, run.Findings, t), patches, take, token), cancellationToken);
    }, cancellationToken);
}
