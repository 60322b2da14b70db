using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Compare.Status;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Patches;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Foreseen;
using BubbleSync.Etl.Schema;
using BubbleSync.Etl.Schema.Dbt;
using BubbleSync.Etl.Schema.Scaffold;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl;

/// <content>The commands that hold maps and tables against what the app has, and report the state of the mirror.</content>
public sealed partial class SyncEngine
{
    /// <summary>Makes the target tables that are missing and the control tables; returns the names of the tables made.</summary>
    public async Task<IReadOnlyList<string>> ApplySchemaAsync(CancellationToken cancellationToken) =>
        (await ApplySchemaAsync(new SchemaOptions(), cancellationToken)).Created;

    /// <summary>Makes the target tables that are missing and the control tables, comments on all target tables and their columns, and makes views.</summary>
    /// <param name="options">Whether views are made.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<SchemaReport> ApplySchemaAsync(SchemaOptions options, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        await using var target = await OpenAsync("bubblesync schema apply", cancellationToken);
        await target.RequireTablesCanBeMadeAsync(options.Views, cancellationToken);
        var applied = await new SchemaScripts(settings.Run.Schema, target.Database).ApplyAsync(target.Maps, [], options.Views, cancellationToken);
        return new SchemaReport(applied.Created, applied.Views, applied.Comments, applied.Warnings) { Target = target.Database.Place };
    }, cancellationToken);

    /// <summary>Writes the tables as a source for dbt, from the maps alone: it asks neither Bubble nor the database.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<DbtReport> ExportDbtAsync(DbtOptions options, CancellationToken cancellationToken) => GuardedAsync(
        () => new DbtSources(EntityMapReader.Read(Checked().Run.Entities), settings.Postgres.Schema, options).WriteAsync(cancellationToken),
        cancellationToken);

    /// <summary>
    /// Estimates what a resync of all entities, or of those named, would read, cost, take and write; a request per entity and one more. It needs no tables, and
    /// without an address of a database none.
    /// </summary>
    public Task<PlanReport> PlanAsync(IReadOnlyList<string> entities, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        RequireSource();
        using var bubble = Connect();
        var plan = await ForeseeAsync(entities, bubble, cancellationToken);
        List<string> patches = [.. PatchFile.ReadAll(settings.Run.Patches, []).Select(p => p.Name)];
        var report = await new ResyncForecast(plan, bubble, settings.Bubble, settings.Prices, patches).RunAsync(cancellationToken);
        return report with { Target = settings.Postgres.ConnectionString is null ? null : LibpqAddress.Place(settings.Postgres) };
    }, cancellationToken);

    /// <summary>
    /// Reads the newest records of an entity and returns them as a resync would store them. It writes nothing, needs no tables, and without an address of a
    /// database none.
    /// </summary>
    /// <param name="entity">The entity.</param>
    /// <param name="records">How many records, from 1 to 100.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<PreviewReport> PreviewAsync(string entity, int records, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        RequireSource();
        using var bubble = Connect();
        var plan = await ForeseeAsync([entity], bubble, cancellationToken);
        return await new RecordPreview(plan, bubble.Client).RunAsync(Math.Clamp(records, 1, RecordPreview.MostRecords), cancellationToken);
    }, cancellationToken);

    // Without a database the tables are those that the maps describe.
    private async Task<SyncPlan> ForeseeAsync(IReadOnlyList<string> entities, BubbleConnection bubble, CancellationToken cancellationToken)
    {
        var (catalogue, notes) = (new Catalogue(settings.Postgres.Schema, new Dictionary<string, TableInfo>()), (IReadOnlyList<string>)[]);
        if (settings.Postgres.ConnectionString is not null)
        {
            await using var target = await OpenForReadingAsync("bubblesync plan", cancellationToken);
            (catalogue, notes) = (target.Catalogue, target.Database.Notes);
        }

        return await new ForeseenPlan(settings, catalogue, notes).ReadAsync(entities, bubble.Client, cancellationToken);
    }

    // Tables are made only for a new schema: where some exist, the others may be missing by mistake.
    private async Task<IReadOnlyList<string>> CreateTablesAsync(IReadOnlyList<string> entities, CancellationToken cancellationToken)
    {
        await using var target = await OpenForReadingAsync("bubblesync resync", cancellationToken);
        if (target.Maps.Any(m => target.Catalogue.Tables.ContainsKey(m.Table)))
            return [];

        target.Plan(entities).ThrowIfMapsInvalid();
        await target.RequireTablesCanBeMadeAsync(views: false, cancellationToken);
        var applied = await new SchemaScripts(settings.Run.Schema, target.Database).ApplyAsync(target.Maps, [], views: false, cancellationToken);
        return [$"Tables that were created: {string.Join(", ", applied.Created)}.", .. applied.Warnings];
    }

    /// <summary>Writes maps and table scripts for Bubble types that no map names yet; needs no database.</summary>
    /// <param name="options">Which types.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<ScaffoldReport> ScaffoldAsync(ScaffoldOptions options, CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        RequireSource();
        if (options.All == (options.Types.Count > 0))
            throw new SyncException(new SyncError(SyncStage.Settings, null, null, "--type", ErrorCode.Usage, "Name the types, or ask for all, not both."));

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
            await using var target = await OpenAsync("bubblesync status reset", cancellationToken);
            if (entities.Count == 0)
                throw new SyncException(new SyncError(SyncStage.Settings, null, null, null, ErrorCode.Usage, "Name the entities whose watermark is set back."));

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
            await target.RequireTablesCanBeMadeAsync(views: false, cancellationToken);
        using var bubble = Connect();
        var survey = new AppSurvey(bubble.Client, settings.Bubble);
        var app = await survey.DescribeAsync(cancellationToken);
        target.ResolveNames(app);
        var audit = new SchemaAudit(app, target.Names, target.Plan([]), target.Database, survey, settings.Run);
        return await audit.RunAsync(options, cancellationToken) with { Target = target.Database.Place };
    }, cancellationToken);
}
