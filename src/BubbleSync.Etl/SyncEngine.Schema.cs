using BubbleSync.Etl.Reports;
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
        var audit = new SchemaAudit(app, target.Names, target.Plan([]), target.Database, survey, settings.Run);
        return await audit.RunAsync(options, cancellationToken) with { Target = target.Place };
    }, cancellationToken);
}
