using BubbleSync.Etl.Audit;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Graph;
using BubbleSync.Etl.Load;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Sync;

namespace BubbleSync.Etl;

/// <summary>The front door: each method is one command. What cannot even start throws <see cref="SyncException"/>; what started ends in a report.</summary>
/// <param name="settings">Everything the engine is told.</param>
/// <param name="clock">The clock of runs, pauses and time-outs.</param>
public sealed partial class SyncEngine(SyncSettings settings, TimeProvider clock)
{
    /// <summary>Reads the full history of all entities, or of those named, and merges it.</summary>
    /// <param name="options">What is asked.</param>
    /// <param name="progress">Hears several times a second how the run is getting on; may be null.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    public Task<RunReport> ResyncAsync(ResyncOptions options, IProgress<RunProgress>? progress, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        RequireSource();
        var newId = Guid.CreateVersion7(clock.GetUtcNow());
        await using var target = await OpenAsync($"bubblesync {newId}", cancellationToken);
        var resumed = options.Resume ? await target.FindResumedAsync(options.ResumeRun, cancellationToken) : null;
        options = resumed is null ? options : resumed.Options with { MaxRejects = options.MaxRejects, MaxCalls = options.MaxCalls };
        var plan = target.Plan(options.Entities).OrStop();

        await using var runLock = await RunLock.TakeAsync(target.Database, plan.Entities, cancellationToken);
        var journal = new RunJournal(target.Database, resumed?.RunId ?? newId);
        await using var run = new ResyncRun(settings, options, target.Database, runLock, plan, journal, resumed, clock);
        run.Findings.Warnings.AddRange(plan.Warnings);
        run.Findings.Warnings.AddRange(await target.PrepareAsync(plan, journal.RunId, options.DryRun, cancellationToken));
        var patches = target.Patches([], journal.RunId);
        return await new RunRecorder(journal, clock).RecordAsync("resync", options, resumed is not null, run, progress, token => run.RunAsync(patches, token), cancellationToken);
    }, cancellationToken);

    /// <summary>Runs the patch stage alone: all patches, or those named.</summary>
    public Task<RunReport> PatchAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        var runId = Guid.CreateVersion7(clock.GetUtcNow());
        await using var target = await OpenAsync($"bubblesync {runId}", cancellationToken);
        var patches = target.Patches(names, runId);

        await using var runLock = await RunLock.TakeAsync(target.Database, target.Plan([]).Sound, cancellationToken);
        await target.EnsureControlTablesAsync(cancellationToken);
        await using var transactions = new TargetTransactions(target.Database, dryRun: false, runLock.CheckAsync);
        var run = new PatchRun(transactions, patches);
        return await new RunRecorder(new RunJournal(target.Database, runId), clock).RecordAsync("patch", names, false, run, null, run.RunAsync, cancellationToken);
    }, cancellationToken);

    /// <summary>Makes the target tables that are missing and the control tables; gives the names of those made.</summary>
    public Task<IReadOnlyList<string>> ApplySchemaAsync(CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        await using var target = await OpenAsync("bubblesync schema apply", cancellationToken);
        return await new SchemaScripts(settings.Run.Schema, target.Database).ApplyAsync(target.Maps, cancellationToken);
    }, cancellationToken);

    /// <summary>Reads every record of all entities, or of those named, and tells for each field whether it is mapped, sent and stored.</summary>
    public Task<FieldAuditReport> AuditFieldsAsync(IReadOnlyList<string> entities, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        RequireSource();
        await using var target = await OpenAsync("bubblesync audit fields", cancellationToken);
        var plan = target.Plan(entities).OrStopForReading();
        using var client = new BubbleClient(settings.Bubble, Throttle(), new ApiMeter(), clock);
        return await new FieldAudit(plan, client, target.Database, settings.Bubble, clock).RunAsync(cancellationToken);
    }, cancellationToken);

    /// <summary>Maps and merges once more what a run rejected, as it was kept then, without Bubble.</summary>
    /// <param name="run">The run's id, the beginning of it, or <c>last</c>.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    public Task<RunReport> ReprocessAsync(string run, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        var runId = Guid.CreateVersion7(clock.GetUtcNow());
        await using var target = await OpenAsync($"bubblesync {runId}", cancellationToken);
        await target.EnsureControlTablesAsync(cancellationToken);
        var of = await new RunHistory(target.Database).FindAsync(run, cancellationToken);
        var rejected = new RejectedRecords(target.Database, of);
        var entities = await rejected.CountAsync(cancellationToken);
        if (entities.Count == 0)
            throw new SyncException(new SyncError("settings", null, null, "RUN", "nothing-rejected", $"Run {of} has rejected nothing: there is nothing to reprocess."));

        var source = new ReprocessSource(rejected, new ReadingOrder(clock));
        return await RunPartAsync("reprocess", new { of }, target, [.. entities.Keys], runId, () => ApiProgress.None, null, _ => Task.FromResult<ReadEntity>(source.ReadAsync), cancellationToken);
    }, cancellationToken);

    /// <summary>Syncs invoices with all that belongs to them: what they name, what names them, and their agent's login.</summary>
    /// <param name="ids">The invoices; of one id twice the first counts.</param>
    /// <param name="options">What is asked.</param>
    /// <param name="progress">Hears several times a second how the run is getting on; may be null.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    public async Task<InvoiceSyncReport> SyncInvoicesAsync(IReadOnlyList<string> ids, InvoiceSyncOptions options, IProgress<RunProgress>? progress, CancellationToken cancellationToken)
    {
        var distinct = ids.Distinct().ToList();
        var (good, malformed) = (distinct.Where(BubbleId.IsValid).ToList(), distinct.Where(id => !BubbleId.IsValid(id)).ToList());
        var (report, results) = await SyncInvoicesAsync("sync invoice", new { ids = good, options.Force, options.SkipUsers, options.SkipAgents }, options, (_, _, _, _) => Task.FromResult<IReadOnlyList<string>>(good), progress, cancellationToken);
        var byId = results.ToDictionary(r => r.InvoiceId);
        foreach (var id in malformed)
            byId[id] = Malformed(id);
        var all = distinct.Select(id => byId.GetValueOrDefault(id) ?? NotReached(id, report)).ToList();
        return new InvoiceSyncReport(report.Status == "succeeded" && all.TrueForAll(r => r.Success), all, report);
    }

    /// <summary>Syncs the invoices whose Modified Date lies in a range, with all that belongs to them.</summary>
    /// <param name="from">The first moment of the range.</param>
    /// <param name="to">The last moment of the range.</param>
    /// <param name="force">Whether Bubble's values win over local edits and over rows that are newer.</param>
    /// <param name="progress">Hears several times a second how the run is getting on; may be null.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    public async Task<RangeSyncReport> SyncRangeAsync(DateTimeOffset from, DateTimeOffset to, bool force, IProgress<RunProgress>? progress, CancellationToken cancellationToken)
    {
        if (from > to)
            throw new SyncException(new SyncError("settings", null, null, "--from", "usage", $"The range begins ({from:O}) after it ends ({to:O})."));

        var (report, results) = await SyncInvoicesAsync("sync range", new { from, to, force }, new InvoiceSyncOptions { Force = force }, async (client, plan, findings, token) =>
        {
            var (ids, warning) = await new ModifiedRange(client, plan, settings.Bubble, clock).FindAsync(from, to, token);
            findings.Warnings.AddRange(warning is null ? [] : [warning]);
            return ids;
        }, progress, cancellationToken);
        var failed = results.Where(r => !r.Success).ToList();
        var skipped = results.Count(r => r is { Success: true, Steps: [{ Action: "skip" }] });
        return new RangeSyncReport(
            report.Status == "succeeded" && failed.Count == 0,
            new RangeResults(results.Count, results.Count - failed.Count - skipped, skipped, failed.Count, [.. results.SelectMany(r => r.Errors)]),
            report);
    }

    /// <summary>Reads what was modified since the last finished run, of all entities or of those named, and merges it.</summary>
    /// <param name="entities">The entities; none for all.</param>
    /// <param name="progress">Hears several times a second how the run is getting on; may be null.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    public Task<RunReport> SyncIncrementalAsync(IReadOnlyList<string> entities, IProgress<RunProgress>? progress, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        RequireSource();
        var runId = Guid.CreateVersion7(clock.GetUtcNow());
        await using var target = await OpenAsync($"bubblesync {runId}", cancellationToken);
        await target.EnsureControlTablesAsync(cancellationToken);
        var (meter, throttle) = (new ApiMeter(), Throttle());
        using var client = new BubbleClient(settings.Bubble, throttle, meter, clock);
        var order = new ReadingOrder(clock);
        return await RunPartAsync("incremental", new { entities }, target, entities, runId, () => ApiProgress.Of(meter, throttle), progress, async plan =>
        {
            var marks = await Watermarks.ReadAsync(target.Database, plan.Entities, TimeSpan.FromSeconds(settings.Run.OverlapSeconds), cancellationToken);
            return (entity, token) => new FullHistory(entity.Flow, new EntitySource(client, entity.Plan), settings.Bubble, order).ReadChangesAsync(marks[entity.Plan.Name], token);
        }, cancellationToken);
    }, cancellationToken);

    /// <summary>Opens what the control tables tell of earlier runs.</summary>
    public Task<RunArchive> OpenArchiveAsync(CancellationToken cancellationToken) =>
        GuardedAsync(() => RunArchive.OpenAsync(settings.Postgres, cancellationToken), cancellationToken);

    private Task<(RunReport Report, IReadOnlyList<InvoiceResult> Results)> SyncInvoicesAsync(
        string kind, object recorded, InvoiceSyncOptions options, Func<BubbleClient, EntityPlan, RunFindings, CancellationToken, Task<IReadOnlyList<string>>> choose,
        IProgress<RunProgress>? progress, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        RequireSource();
        var runId = Guid.CreateVersion7(clock.GetUtcNow());
        await using var target = await OpenAsync($"bubblesync {runId}", cancellationToken);
        if (target.Maps.All(m => m.Name != InvoiceRun.Root))
            throw new SyncException(new SyncError("settings", InvoiceRun.Root, null, null, "settings", $"No map in {settings.Run.Entities} has the name '{InvoiceRun.Root}', whose records this command syncs."));

        string[] skipped = [.. options.SkipUsers ? ["user"] : Array.Empty<string>(), .. options.SkipAgents ? ["agent"] : Array.Empty<string>()];
        var plan = target.Plan([.. target.Maps.Select(m => m.Name).Except(skipped)]).OrStop();
        await using var runLock = await RunLock.TakeAsync(target.Database, plan.Entities, cancellationToken);
        var journal = new RunJournal(target.Database, runId);
        await using var run = new InvoiceRun(settings, options.Force, target.Database, runLock, plan.Entities, journal, clock);
        run.Findings.Warnings.AddRange(await target.PrepareAsync(plan, runId, dryRun: false, cancellationToken));
        var patches = target.Patches([], runId);
        var report = await new RunRecorder(journal, clock).RecordAsync(
            kind, recorded, false, run, progress, token => run.RunAsync((client, root, t) => choose(client, root, run.Findings, t), patches, token), cancellationToken);
        return (report, run.Results);
    }, cancellationToken);

    private static InvoiceResult Malformed(string id) => Failed(id, "malformed-id", $"'{id}' is no Bubble id, which is digits, an x, digits.");

    private static InvoiceResult NotReached(string id, RunReport report) =>
        Failed(id, report.Status, $"The run ended as {report.Status} before {id} was done{(report.Errors.Count > 0 ? $": {report.Errors[0].Message}" : "")}.");

    private static InvoiceResult Failed(string id, string code, string message) =>
        new(false, id, [new SyncStep(InvoiceRun.Root, false, message)], [new SyncTrouble("error", InvoiceRun.Root, id, code, message)], new InvoiceStats());

    private async Task<RunReport> RunPartAsync(
        string kind, object options, SyncTarget target, IReadOnlyList<string> entities, Guid runId, Func<ApiProgress> api, IProgress<RunProgress>? progress,
        Func<SyncPlan, Task<ReadEntity>> prepare, CancellationToken cancellationToken)
    {
        var plan = target.Plan(entities).OrStop();
        await using var runLock = await RunLock.TakeAsync(target.Database, plan.Entities, cancellationToken);
        var journal = new RunJournal(target.Database, runId);
        await using var run = new PartialRun(target.Database, runLock, plan.Entities, journal, api, clock);
        run.Findings.Warnings.AddRange(plan.Warnings);
        run.Findings.Warnings.AddRange(await target.PrepareAsync(plan, runId, dryRun: false, cancellationToken));
        var read = await prepare(plan);
        var patches = target.Patches([], runId);
        return await new RunRecorder(journal, clock).RecordAsync(kind, options, false, run, progress, token => run.RunAsync(read, patches, token), cancellationToken);
    }

    private Throttle Throttle() => new(settings.Bubble.MaxConcurrency, settings.Bubble.RequestsPerMinute, clock);

    private Task<SyncTarget> OpenAsync(string applicationName, CancellationToken cancellationToken) => SyncTarget.OpenAsync(settings, applicationName, cancellationToken);

    private void RequireSource()
    {
        if (settings.Bubble.BaseUrl is null)
            throw new SyncException(new SyncError("settings", null, null, "Bubble:BaseUrl", "settings", "Bubble:BaseUrl is not set. Set BUBBLESYNC_Bubble__BaseUrl to the app's address up to and including /api/1.1, such as https://app.example.com/version-test/api/1.1."));
    }

    // Whatever goes wrong leaves as the one family of errors; only the caller's own cancellation leaves as itself.
    private static async Task<T> GuardedAsync<T>(Func<Task<T>> command, CancellationToken cancellationToken)
    {
        try
        {
            return await command();
        }
        catch (Exception failure) when (failure is not SyncException && !(failure is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw PostgresFailure.Explain(failure, "load", null);
        }
    }
}
