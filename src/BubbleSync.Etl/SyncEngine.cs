using BubbleSync.Etl.Audit;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Config;
using BubbleSync.Etl.Graph;
using BubbleSync.Etl.Load;
using BubbleSync.Etl.Patch;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs;

namespace BubbleSync.Etl;

/// <summary>The front door: each method is one command. What cannot even start throws <see cref="SyncException"/>; what started ends in a report.</summary>
/// <param name="settings">Everything the engine is told.</param>
/// <param name="clock">The clock of runs, pauses and time-outs.</param>
public sealed class SyncEngine(SyncSettings settings, TimeProvider clock)
{
    /// <summary>Reads the full history of all entities, or of those named, and merges it.</summary>
    /// <param name="options">What is asked.</param>
    /// <param name="progress">Hears several times a second how the run is getting on; may be null.</param>
    /// <param name="cancellationToken">Stops the run; the report then says <c>cancelled</c>.</param>
    public async Task<RunReport> ResyncAsync(ResyncOptions options, IProgress<RunProgress>? progress, CancellationToken cancellationToken)
    {
        RequireSource();
        var maps = EntityMapReader.Read(settings.Run.Entities);
        var patches = PatchFile.ReadAll(settings.Run.Patches, []);
        var newId = Guid.CreateVersion7(clock.GetUtcNow());
        await using var database = await TargetDatabase.OpenAsync(settings.Postgres, $"bubblesync {newId}", cancellationToken);
        var resumed = options.Resume ? await FindResumedAsync(database, options, cancellationToken) : null;
        options = resumed is null ? options : resumed.Options with { MaxRejects = options.MaxRejects, MaxCalls = options.MaxCalls };
        var catalogue = await database.ReadCatalogueAsync(cancellationToken);
        var plan = PlanCompiler.Compile(maps, catalogue, options.Entities).OrStop();

        await using var runLock = await RunLock.TakeAsync(database, plan.Entities, cancellationToken);
        var journal = new RunJournal(database, resumed?.RunId ?? newId);
        await using var run = new ResyncRun(settings, options, database, plan, journal, resumed, clock);
        run.Findings.Warnings.AddRange(plan.Warnings);
        await PrepareAsync(database, plan, run.Findings, journal.RunId, options.DryRun, cancellationToken);
        var stage = new PatchStage(patches, new PatchRunner(database.Schema, catalogue.Tables.Keys.ToHashSet(), journal.RunId));
        var everyPlan = PlanCompiler.Compile(maps, catalogue, []).Sound;
        return await new RunRecorder(journal, clock).RecordAsync("resync", options, resumed is not null, run, progress, token => run.RunAsync(everyPlan, stage, token), cancellationToken);
    }

    private static async Task<ResumePoint> FindResumedAsync(TargetDatabase database, ResyncOptions options, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        await ControlTables.EnsureAsync(connection, cancellationToken);
        return await ResumePoint.FindAsync(connection, database.Schema, options.ResumeRun, cancellationToken);
    }

    /// <summary>Runs the patch stage alone: all patches, or those named.</summary>
    public async Task<RunReport> PatchAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var maps = EntityMapReader.Read(settings.Run.Entities);
        var patches = PatchFile.ReadAll(settings.Run.Patches, names);
        var runId = Guid.CreateVersion7(clock.GetUtcNow());
        await using var database = await TargetDatabase.OpenAsync(settings.Postgres, $"bubblesync {runId}", cancellationToken);
        var catalogue = await database.ReadCatalogueAsync(cancellationToken);
        var plans = PlanCompiler.Compile(maps, catalogue, []).Sound;

        await using var runLock = await RunLock.TakeAsync(database, plans, cancellationToken);
        await using (var connection = await database.ConnectAsync(cancellationToken))
            await ControlTables.EnsureAsync(connection, cancellationToken);
        var stage = new PatchStage(patches, new PatchRunner(database.Schema, catalogue.Tables.Keys.ToHashSet(), runId));
        var run = new PatchRun(database, stage, plans);
        return await new RunRecorder(new RunJournal(database, runId), clock).RecordAsync("patch", names, false, run, null, run.RunAsync, cancellationToken);
    }

    /// <summary>Makes the target tables that are missing and the control tables; gives the names of those made.</summary>
    public async Task<IReadOnlyList<string>> ApplySchemaAsync(CancellationToken cancellationToken)
    {
        var maps = EntityMapReader.Read(settings.Run.Entities);
        await using var database = await TargetDatabase.OpenAsync(settings.Postgres, "bubblesync schema apply", cancellationToken);
        return await new SchemaScripts(settings.Run.Schema, database).ApplyAsync(maps, cancellationToken);
    }

    /// <summary>Reads every record of all entities, or of those named, and tells for each field whether it is mapped, sent and stored.</summary>
    public async Task<FieldAuditReport> AuditFieldsAsync(IReadOnlyList<string> entities, CancellationToken cancellationToken)
    {
        RequireSource();
        var maps = EntityMapReader.Read(settings.Run.Entities);
        await using var database = await TargetDatabase.OpenAsync(settings.Postgres, "bubblesync audit fields", cancellationToken);
        var plan = PlanCompiler.Compile(maps, await database.ReadCatalogueAsync(cancellationToken), entities);
        if (plan.Faults.Where(f => f.Code is not ("column-missing" or "column-misfit")).ToList() is { Count: > 0 } faults)
            throw new SyncException(faults);

        using var client = new BubbleClient(settings.Bubble, new Throttle(settings.Bubble.MaxConcurrency, settings.Bubble.RequestsPerMinute, clock), new ApiMeter(), clock);
        return await new FieldAudit(plan, client, database, settings.Bubble, clock).RunAsync(cancellationToken);
    }

    private void RequireSource()
    {
        if (settings.Bubble.BaseUrl is null)
            throw new SyncException(new SyncError("settings", null, null, "Bubble:BaseUrl", "settings", "Bubble:BaseUrl is not set. Set BUBBLESYNC_Bubble__BaseUrl to the app's address up to and including /api/1.1, such as https://app.example.com/version-test/api/1.1."));
    }

    private static async Task PrepareAsync(TargetDatabase database, SyncPlan plan, RunFindings findings, Guid runId, bool dryRun, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        try
        {
            await ControlTables.EnsureAsync(connection, cancellationToken);
            foreach (var entity in plan.Entities)
            {
                if (await UniqueKeys.EnsureAsync(connection, entity, dryRun, cancellationToken) is { } done)
                    findings.Warnings.Add(done);
            }

            await StaleStaging.ClearAsync(connection, plan.Entities, database.Schema, runId, cancellationToken);
        }
        catch (Npgsql.NpgsqlException failure)
        {
            throw PostgresFailure.Explain(failure, "plan", null);
        }
    }
}
