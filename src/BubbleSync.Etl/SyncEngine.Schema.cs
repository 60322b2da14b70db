using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Patches;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Foreseen;
using BubbleSync.Etl.Schema;
using BubbleSync.Etl.Schema.Scaffold;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl;

/// <content>The commands that hold maps and tables against what the app has.</content>
public sealed partial class SyncEngine
{
    /// <summary>Makes the target tables that are missing and the control tables; returns the names of the tables made.</summary>
    public Task<IReadOnlyList<string>> ApplySchemaAsync(CancellationToken cancellationToken) => GuardedAsync(async () =>
    {
        await using var target = await OpenAsync("bubblesync schema apply", cancellationToken);
        await target.RequireTablesCanBeMadeAsync(cancellationToken);
        return await new SchemaScripts(settings.Run.Schema, target.Database).ApplyAsync(target.Maps, [], cancellationToken);
    }, cancellationToken);

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
        return await new ResyncForecast(plan, bubble, settings.Bubble, settings.Prices, patches).RunAsync(cancellationToken);
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
        await target.RequireTablesCanBeMadeAsync(cancellationToken);
        var made = await new SchemaScripts(settings.Run.Schema, target.Database).ApplyAsync(target.Maps, [], cancellationToken);
        return [$"Tables that were created: {string.Join(", ", made)}."];
    }

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
        return await new SchemaAudit(app, target.Names, target.Plan([]), target.Database, survey, settings.Run).RunAsync(options, cancellationToken);
    }, cancellationToken);
}
