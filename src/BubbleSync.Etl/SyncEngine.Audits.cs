using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Compare;
using BubbleSync.Etl.Compare.Values;
using BubbleSync.Etl.Journal.Kept;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Preflight;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Runs.Foreseen;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Runs.Stages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Settings.Reading;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl;

/// <content>The commands that compare and change nothing.</content>
public sealed partial class SyncEngine
{
    private const int CopiesOfKept = 8;

    private static readonly TargetUse ReadOnly = new(IsWritten: false) { IsRecorded = false };

    /// <summary>Compares Bubble with the tables, record by record, and changes nothing.</summary>
    /// <param name="options">What is compared.</param>
    /// <param name="progress">Receives the run's progress several times a second; may be null.</param>
    /// <param name="cancellationToken">Stops the run; its report then says <c>cancelled</c>.</param>
    public Task<VerifyReport> VerifyAsync(VerifyOptions options, IProgress<RunProgress>? progress, CancellationToken cancellationToken) =>
        GuardedAsync(async () =>
    {
        RequireSource(OptionsCheck.Faults(options));
        var scope = new ComparisonScope(options.Since, options.Sample) { ByCounts = options.ByCounts };
        Verification? verification = null;
        var report = await CompareAsync(
            RunKind.Verify, options, options.Entities, scope,
            run => (verification = new Verification(run, options)).RunAsync, progress, cancellationToken);
        return verification!.Report(report);
    }, cancellationToken);

    /// <summary>Reads every record of all entities, or of those named, and reports for each field whether it is mapped, sent and stored.</summary>
    /// <param name="entities">The entities; none for all.</param>
    /// <param name="progress">Receives the progress several times a second; may be null.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<FieldAuditReport> AuditFieldsAsync(IReadOnlyList<string> entities, IProgress<RunProgress>? progress, CancellationToken cancellationToken) =>
        GuardedAsync(async () =>
    {
        await using var target = await OpenForReadingAsync("bubblesync audit fields", cancellationToken);
        await target.RequireReadyAsync(target.Plan(entities).ThrowIfUnreadable(), ReadOnly, cancellationToken);
        using var bubble = Connect();
        await target.ResolveNamesAsync(bubble.Client, CancellationToken.None, cancellationToken);
        var audit = new FieldAudit(target.Plan(entities), target.Maps, bubble.Client, target.Database, settings.Bubble, clock);
        await using var telling = new ProgressReporter(() => ApiProgress.Of(bubble).With(audit.Flows) with { Compares = true }, progress, logger);
        var report = await audit.RunAsync(cancellationToken) with { Target = target.Database.Place };
        await new FieldAudits(target.Database).KeepAsync(report, cancellationToken);
        return report;
    }, cancellationToken);

    /// <summary>Reports for each mapped field of each record what Bubble sent, what it becomes and what is stored.</summary>
    /// <param name="options">What is asked.</param>
    /// <param name="progress">Receives the run's progress several times a second; may be null.</param>
    /// <param name="cancellationToken">Stops the run; its report then says <c>cancelled</c>.</param>
    public Task<ValueAuditReport> AuditValuesAsync(ValueAuditOptions options, IProgress<RunProgress>? progress, CancellationToken cancellationToken) =>
        GuardedAsync(async () =>
    {
        RequireSource(OptionsCheck.Faults(options));
        ValueAudit? audit = null;
        await using var json = options is { CsvFile: null, Json: true, Output: { } stream } ? new ValueAuditJson(stream) : null;
        var scope = new ComparisonScope(options.Since, Sample: null, KeepsRaw: true);
        var report = await CompareAsync(
            RunKind.AuditValues, options, options.Entities, scope,
            run =>
            {
                audit = new ValueAudit(run, options.Only);
                return token => WriteAsync(audit.RowsAsync(token), json, options, token);
            },
            progress, cancellationToken);
        var audited = audit!.Report(report);
        if (json is not null)
            await json.CloseAsync(audited, CancellationToken.None);
        return audited;
    }, cancellationToken);

    /// <summary>Finds the links in the tables whose target none of them has.</summary>
    /// <param name="options">What is asked.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<LinkAuditReport> AuditLinksAsync(LinkAuditOptions options, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        await using var target = await (options.Ask
            ? OpenForReadingAsync("bubblesync audit links", cancellationToken)
            : OpenAsync("bubblesync audit links", cancellationToken));
        await target.RequireControlTablesReadableAsync(cancellationToken);
        var plan = target.Plan([]).ThrowIfUnreadable();
        await target.RequireReadyAsync(plan, ReadOnly, cancellationToken);
        var plans = plan.Entities;
        using var bubble = options.Ask ? Connect() : null;
        var search = bubble is null ? null : new TargetSearch(plans, bubble.Client, settings.Bubble, clock);
        return await new LinkAudit(plans, target.Database, search).RunAsync(options, cancellationToken) with { Target = target.Database.Place };
    }, cancellationToken);

    /// <summary>Makes a report of a run and of the mirror's state, and writes it to the files that are named. Bubble is not asked.</summary>
    /// <param name="options">Which run, and which files.</param>
    /// <param name="cancellationToken">Stops it; the files stay as they were.</param>
    public Task<MirrorReport> ReportAsync(ReportOptions options, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        await using var target = await OpenAsync("bubblesync report", cancellationToken);
        await target.Database.RunAsync(c => ControlTableChecks.EnsureReadableAsync(c, cancellationToken), cancellationToken);
        var plan = target.Plan([]).ThrowIfUnreadable();
        await target.RequireReadyAsync(plan, ReadOnly, cancellationToken);
        return await new MirrorSurvey(target.Database, plan.Entities, clock).RunAsync(options, cancellationToken);
    }, cancellationToken);

    /// <summary>Describes the graph of a resync of all entities, or of those named, from its own blocks. Bubble is not asked and nothing is written.</summary>
    public Task<GraphReport> DescribeGraphAsync(IReadOnlyList<string> entities, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        await using var target = await OpenAsync("bubblesync plan", cancellationToken);
        var foreseen = ForeseenTables.AddTo(target.Catalogue, target.Maps);
        var plans = PlanCompiler.Compile(target.Maps, foreseen, entities).ThrowIfInvalid().Entities;
        using var bubble = Connect();
        var journal = target.Journal(Guid.Empty);
        await using var run = new ResyncRun(
            settings, new ResyncOptions(), bubble, target.Database, MergeStage.AlwaysAllowed, Resolving(target, entities, null, CancellationToken.None),
            journal, null,
            clock);
        using var graph = new RunPipeline(RunGraph.PagesWaiting, cancellationToken);
        run.Build(graph, plans, target.Patches([], Guid.Empty, isFull: true));
        return PipelinePicture.Of(graph);
    }, cancellationToken);

    private static Task WriteAsync(
        IAsyncEnumerable<IReadOnlyList<string>> rows, ValueAuditJson? json, ValueAuditOptions options, CancellationToken cancellationToken) => options switch
        {
            _ when json is not null => json.WriteAsync(rows, cancellationToken),
            { CsvFile: { } file } => CsvFile.WriteAsync(file, ValueAudit.Head, rows, Texts(options), cancellationToken),
            { Output: { } output } => WriteAsync(output, rows, Texts(options), cancellationToken),
            _ => rows.LongCountAsync(cancellationToken).AsTask(),
        };

    private static CsvTexts Texts(ValueAuditOptions options) =>
        options.Excel ? CsvTexts.Excel : options.Formulas ? CsvTexts.AsTheyAre : CsvTexts.Guarded;

    private static async Task WriteAsync(Stream output, IAsyncEnumerable<IReadOnlyList<string>> rows, CsvTexts texts, CancellationToken cancellationToken)
    {
        try
        {
            await CsvFile.WriteAsync(output, ValueAudit.Head, rows, texts, cancellationToken);
        }
        catch (IOException unwritable)
        {
            throw new SyncException(new SyncError(SyncStage.Load, null, null, null, ErrorCode.Output, "The rows cannot be written to standard output: "
                + $"{unwritable.Message}."), unwritable);
        }
    }

    private async Task<RunReport> CompareAsync(
        RunKind kind, object recorded, IReadOnlyList<string> entities, ComparisonScope scope,
        Func<ComparisonRun, Func<CancellationToken, Task>> compare, IProgress<RunProgress>? progress, CancellationToken cancellationToken)
    {
        var runId = NewRunId();
        await using var target = await OpenForReadingAsync($"bubblesync {runId}", cancellationToken);
        var plan = target.Plan(entities).ThrowIfInvalid();
        await target.RequireReadyAsync(plan, new TargetUse(IsWritten: false) { RunId = runId }, cancellationToken);
        // A record that is kept as it came is in memory several times: as sent, as mapped, and on its way into staging and back.
        var share = scope.KeepsRaw ? Math.Max(1, settings.Bubble.MaxBytesInFlight / CopiesOfKept) : settings.Bubble.MaxBytesInFlight;
        using var bubble = new BubbleConnection(settings.Bubble with { MaxBytesInFlight = share }, clock, logger, handler);
        // Without locks of tables it can run beside anything; its own lock shows that it lives.
        await using var runLock = await target.LockAsync(runId, [], NextStep.Again, cancellationToken);
        var warnings = await target.PrepareComparisonAsync(plan, runId, cancellationToken);
        var journal = target.Journal(runId);
        var resolve = Resolving(target, entities, bubble, CancellationToken.None);
        await using var run = new ComparisonRun(settings, scope, bubble, target.Database, runLock, resolve, journal, clock);
        run.Findings.Warnings.AddRange([.. plan.Warnings, .. warnings]);
        var work = compare(run);
        return await new RunRecorder(journal, clock).RecordAsync(kind, recorded, false, run, progress, token => run.RunAsync(work, token), cancellationToken);
    }
}
