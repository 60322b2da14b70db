using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Compare.Status;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Schema;
using BubbleSync.Etl.Schema.Scaffold;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl;

/// <content>The commands that hold maps and tables against what the app has, and report the state of the mirror.</content>
public sealed partial class SyncEngine
{
    /// <summary>Makes the target tables that are missing and the control tables; returns the names of the tables made.</summary>
    public Task<IReadOnlyList<string>> ApplySchemaAsync(CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        await using var target = await OpenAsync("bubblesync schema apply", cancellationToken);
        await target.RequireTablesCanBeMadeAsync(cancellationToken);
        return await new SchemaScripts(settings.Run.Schema, target.Database).ApplyAsync(target.Maps, [], cancellationToken);
    }, cancellationToken);

    /// <summary>Writes maps and table scripts for Bubble types that no map names yet; needs no database.</summary>
    /// <param name="options">Which types.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<ScaffoldReport> ScaffoldAsync(ScaffoldOptions options, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        RequireSource();
        if (options.All == (options.Types.Count > 0))
            throw new SyncException(new SyncError(SyncStage.Settings, null, null, "--type", ErrorCode.Usage, "Say which types: --type NAME, as often as there "
                + "are some, or --all."));

        using var bubble = Connect();
        var (survey, targets) = (new AppSurvey(bubble.Client, settings.Bubble), new LinkTargets(bubble.Client, settings.Bubble));
        return await new Scaffolder(survey, targets, settings.Run).RunAsync(options, cancellationToken);
    }, cancellationToken);

    /// <summary>Reports the state of all entities, or of those named: one request to Bubble for each, or none; changes nothing.</summary>
    /// <param name="options">What is asked.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<StatusReport> StatusAsync(StatusOptions options, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        await using var target = await (options.Offline
            ? OpenAsync("bubblesync status", cancellationToken)
            : OpenForReadingAsync("bubblesync status", cancellationToken));
        var plan = target.Plan(options.Entities).ThrowIfMapsInvalid();
        await target.EnsureControlTablesReadableAsync(cancellationToken);
        await target.RequireReadyAsync(plan with { Entities = plan.Sound }, ReadOnly, cancellationToken);
        using var bubble = options.Offline ? null : new BubbleConnection(Impatient(settings.Bubble), clock, logger, handler);
        return await new MirrorStatus(target, bubble?.Client, settings.Bubble.MaxConcurrency, clock).ReadAsync(options, cancellationToken);
    }, cancellationToken);

    /// <summary>Sets the watermarks of entities back, so that the next incremental sync reads what changed from there on again.</summary>
    /// <param name="entities">The entities; at least one.</param>
    /// <param name="to">The moment, before the present watermarks.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SyncException">An entity has no watermark, or an earlier one: a usage error. Or a run is under way.</exception>
    public Task<WatermarkResetReport> ResetWatermarksAsync(IReadOnlyList<string> entities, DateTimeOffset to, CancellationToken cancellationToken) =>
        GuardedAsync(async () =>
        {
            if (entities.Count == 0)
                throw new SyncException(new SyncError(SyncStage.Settings, null, null, null, ErrorCode.Usage, "Name the entities whose watermark is set back."));

            await using var target = await OpenAsync("bubblesync status reset", cancellationToken);
            var plan = target.Plan(entities).ThrowIfInvalid();
            await target.EnsureControlTablesAsync(cancellationToken);
            // A run under way has read from the old watermark and would note its own later.
            await using var runLock = await target.LockAsync(Guid.CreateVersion7(clock.GetUtcNow()), plan.Entities, NextStep.Again, cancellationToken);
            var recorded = await target.Database.RunAsync(c => target.Source.RecordedAsync(c, cancellationToken), cancellationToken);
            return await Watermarks.SetBackAsync(target.Database, plan.Entities, recorded ?? "", to, cancellationToken);
        }, cancellationToken);

    // A look is not worth a long wait; what does not answer is reported.
    private static BubbleSettings Impatient(BubbleSettings bubble) =>
        bubble with { MaxAttempts = Math.Min(bubble.MaxAttempts, 2), PatienceSeconds = Math.Min(bubble.PatienceSeconds, 5) };

    /// <summary>Compares Bubble's types and fields with maps and tables; adds what these lack on request.</summary>
    /// <param name="options">Whether gaps are closed.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<SchemaAuditReport> AuditSchemaAsync(SchemaAuditOptions options, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        await using var target = await OpenForReadingAsync("bubblesync audit schema", cancellationToken);
        target.Plan([]).ThrowIfMapsInvalid();
        if (options.Apply)
            await target.RequireTablesCanBeMadeAsync(cancellationToken);
        using var bubble = Connect();
        var survey = new AppSurvey(bubble.Client, settings.Bubble);
        var app = await survey.DescribeAsync(cancellationToken);
        target.ResolveNames(app);
        var audit = new SchemaAudit(app, target.Names, target.Plan([]), target.Database, survey, settings.Run);
        return await audit.RunAsync(options, cancellationToken) with { Target = target.Database.Place };
    }, cancellationToken);
}
