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
using static System.FormattableString;

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
        var distinct = ids.Distinct().ToList();
        var (good, malformed) = (distinct.Where(BubbleId.IsValid).ToList(), distinct.Where(id => !BubbleId.IsValid(id)).ToList());
        var recorded = new RecordedInvoices(good, options.Force, options.SkipUsers, options.SkipAgents);
        var byId = new Dictionary<string, InvoiceResult>();
        var report = await SyncInvoicesAsync(RunKind.SyncInvoice, recorded, options, asks: good.Count > 0, (_, _, findings, _) =>
        {
            findings.Errors.AddRange(
                malformed.Select(id => new SyncError(SyncStage.Extract, InvoiceRun.Root, id, null, ErrorCode.MalformedId, Malformed(id).Errors[0].Message)));
            return Task.FromResult(new FoundRecords(good, [], malformed.Count));
        }, result => byId[result.InvoiceId] = result, progress, cancellationToken);
        foreach (var id in malformed)
            byId[id] = Malformed(id);
        var all = distinct.Select(id => byId.GetValueOrDefault(id) ?? NotReached(id, report)).ToList();
        return new InvoiceSyncReport(report.Status == RunStatus.Succeeded && all.TrueForAll(r => r.Success), all, report);
    }

    /// <summary>Syncs the invoices whose Modified Date lies in a range, with all that belongs to them.</summary>
    /// <param name="from">The first moment of the range.</param>
    /// <param name="to">The last moment of the range.</param>
    /// <param name="force">Whether Bubble's values win over local edits and over rows that are newer.</param>
    /// <param name="progress">Receives the run's progress several times a second; may be null.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    public async Task<RangeSyncReport> SyncRangeAsync(
        DateTimeOffset from, DateTimeOffset to, bool force, IProgress<RunProgress>? progress, CancellationToken cancellationToken)
    {
        if (from > to)
            throw new SyncException(new SyncError(
                SyncStage.Settings, null, null, "--from", ErrorCode.Usage,
                $"The range begins ({UtcText.Of(from)}) after it ends ({UtcText.Of(to)})."));

        var chosen = new FoundRecords([], []);
        var options = new InvoiceSyncOptions { Force = force };
        var tally = new RangeTally();
        var recorded = new RecordedRange(from, to, force);
        var report = await SyncInvoicesAsync(RunKind.SyncRange, recorded, options, asks: true, async (client, plan, findings, token) =>
        {
            (chosen, var warning, var issue) = await new ModifiedRange(client, plan, settings.Bubble, clock).FindAsync(from, to, token);
            if (warning is not null)
                findings.Warnings.Add(warning);
            if (issue is not null)
            {
                var what = $"{plan.Name}: the listing is not shown to be complete: {issue.Message}. The run goes on with the invoices found.";
                findings.Errors.Add(new SyncError(SyncStage.Extract, plan.Name, null, null, issue.Code, what));
            }

            return chosen;
        }, tally.Add, progress, cancellationToken);
        var notReached = chosen.Ids.Count - tally.Count;
        var failed = tally.Failed + notReached + chosen.Unusable.Count;
        var total = chosen.Ids.Count + chosen.Unusable.Count;
        // The error that stopped the run is reported once, not for each invoice that was not synced.
        IEnumerable<SyncTrouble> further =
            report.Failure is { } failure ? failure.Errors.Select(e =>
                new SyncTrouble(Severity.Error, e.Entity ?? InvoiceRun.Root, e.BubbleId ?? "", e.Code, e.Message))
            : chosen.Unusable.Count > 0 ? [Unusable(chosen.Unusable.Count)] : [];
        var results = new RangeResults(total, total - failed - tally.Skipped, tally.Skipped, failed, [.. tally.Troubles, .. further]);
        return new RangeSyncReport(report.Status == RunStatus.Succeeded && failed == 0, results, report);
    }

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
        var runId = Guid.CreateVersion7(clock.GetUtcNow());
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

    private Task<RunReport> SyncInvoicesAsync(
        RunKind kind, object recorded, InvoiceSyncOptions options, bool asks,
        Func<BubbleClient, EntityPlan, RunFindings, CancellationToken, Task<FoundRecords>> choose, Action<InvoiceResult> take,
        IProgress<RunProgress>? progress, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        var runId = Guid.CreateVersion7(clock.GetUtcNow());
        await using var target = await OpenForReadingAsync($"bubblesync {runId}", cancellationToken);
        if (target.Maps.All(m => m.Name != InvoiceRun.Root))
            throw new SyncException(new SyncError(SyncStage.Settings, InvoiceRun.Root, null, null, ErrorCode.Settings, $"No map in {settings.Run.Entities} "
                + $"has the name '{InvoiceRun.Root}', whose records this command syncs."));

        string[] skipped = [.. options.SkipUsers ? ["user"] : Array.Empty<string>(), .. options.SkipAgents ? ["agent"] : Array.Empty<string>()];
        List<string> entities = [.. target.Maps.Select(m => m.Name).Except(skipped)];
        var plan = target.Plan(entities).ThrowIfInvalid();
        await using var runLock = await target.LockAsync(runId, plan.Entities, NextStep.Again, cancellationToken);
        await target.RequireReadyAsync(plan, new TargetUse(IsWritten: true) { RunId = runId }, cancellationToken);
        using var bubble = Connect();
        var journal = target.Journal(runId);
        var resolve = Resolving(target, entities, asks ? bubble : null, CancellationToken.None);
        await using var run = new InvoiceRun(settings, options.Force, bubble, target.Database, runLock, resolve, journal, clock);
        run.Findings.Warnings.AddRange([.. plan.Warnings, .. await target.PrepareAsync(plan, runId, dryRun: false, cancellationToken)]);
        await ConfirmSourceAsync(target, bubble.Client, cancellationToken);
        var patches = target.Patches([], runId, isFull: false);
        return await new RunRecorder(journal, clock).RecordAsync(
            kind, recorded, false, run, progress, token => run.RunAsync((client, root, t) => choose(client, root, run.Findings, t), patches, take, token),
            cancellationToken);
    }, cancellationToken);

    private static SyncTrouble Unusable(int count) => new(Severity.Error, InvoiceRun.Root, "", ErrorCode.Rejected,
        Invariant($"Invoices of the range without a usable _id, which were not loaded: {count}; see bubblesync.rejected_record."));

    private static InvoiceResult Malformed(string id) =>
        Failed(id, ErrorCode.MalformedId, $"'{id}' is no Bubble id, which is digits, an x, digits, {BubbleId.Longest} characters at the most.");

    private static InvoiceResult NotReached(string id, RunReport report) =>
        Failed(
            id, report.Status == RunStatus.Cancelled ? ErrorCode.Cancelled : ErrorCode.Failed,
            $"The run ended as {Word.Of(report.Status)} before {id} was done{(report.Failure is { } failure ? $": {failure.Message}" : ".")}");

    private static InvoiceResult Failed(string id, ErrorCode code, string message) =>
        new(false, id, [
            new SyncStep(InvoiceAction.Invoice, false, message),
        ], [new SyncTrouble(Severity.Error, InvoiceRun.Root, id, code, message)], new InvoiceStats());
}
