using BubbleSync.Etl.Config;
using BubbleSync.Etl.Graph;
using BubbleSync.Etl.Load;
using BubbleSync.Etl.Patch;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs;

namespace BubbleSync.Etl;

/// <summary>The database that a command writes, with the maps and the catalogue that its plans come from.</summary>
internal sealed class SyncTarget : IAsyncDisposable
{
    private readonly SyncSettings _settings;
    private readonly Catalogue _catalogue;

    private SyncTarget(SyncSettings settings, IReadOnlyList<EntityMap> maps, TargetDatabase database, Catalogue catalogue) =>
        (_settings, Maps, Database, _catalogue) = (settings, maps, database, catalogue);

    /// <summary>The maps of all entities.</summary>
    public IReadOnlyList<EntityMap> Maps { get; }

    /// <summary>The database.</summary>
    public TargetDatabase Database { get; }

    /// <summary>Reads the maps, then opens the database and reads its catalogue.</summary>
    public static async Task<SyncTarget> OpenAsync(SyncSettings settings, string applicationName, CancellationToken cancellationToken)
    {
        var maps = EntityMapReader.Read(settings.Run.Entities);
#pragma warning disable CA2000 // The target made of it disposes of it.
        var database = await TargetDatabase.OpenAsync(settings.Postgres, applicationName, cancellationToken);
#pragma warning restore CA2000
        try
        {
            var catalogue = await database.ReadCatalogueAsync(cancellationToken);
            return new SyncTarget(settings, maps, database, catalogue);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>The plan of all entities, or of those named, with its faults.</summary>
    public SyncPlan Plan(IReadOnlyCollection<string> entities) => PlanCompiler.Compile(Maps, _catalogue, entities);

    /// <summary>The patch stage of a run: all patches, or those named.</summary>
    public PatchStage Patches(IReadOnlyCollection<string> names, Guid runId) =>
        new(PatchFile.ReadAll(_settings.Run.Patches, names), new PatchRunner(Database.Schema, _catalogue.Tables.Keys.ToHashSet(), runId), Plan([]).Sound);

    /// <summary>The names of the patches in order.</summary>
    public IReadOnlyList<string> PatchNames => [.. PatchFile.ReadAll(_settings.Run.Patches, []).Select(p => p.Name)];

    /// <summary>The journal of a run.</summary>
    public RunJournal Journal(Guid runId) => new(Database, runId, _settings.Run.KeepDays);

    /// <summary>Makes the control tables that are missing.</summary>
    public async Task EnsureControlTablesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await Database.ConnectAsync(cancellationToken);
        await ControlTables.EnsureAsync(connection, cancellationToken);
    }

    /// <summary>Finds the run to go on with.</summary>
    public async Task<ResumePoint> FindResumedAsync(string? run, CancellationToken cancellationToken)
    {
        await EnsureControlTablesAsync(cancellationToken);
        await using var connection = await Database.ConnectAsync(cancellationToken);
        return await ResumePoint.FindAsync(connection, Database.Schema, run, cancellationToken);
    }

    /// <summary>Gets everything ready for a run that holds the locks of its entities; gives what the user should hear of it.</summary>
    public async Task<IReadOnlyList<string>> PrepareAsync(SyncPlan plan, Guid runId, bool dryRun, CancellationToken cancellationToken)
    {
        await using var connection = await Database.ConnectAsync(cancellationToken);
        await ControlTables.EnsureAsync(connection, cancellationToken);
        var done = new List<string>();
        foreach (var entity in plan.Entities)
        {
            if (await UniqueKeys.EnsureAsync(connection, entity, dryRun, cancellationToken) is { } made)
                done.Add(made);
        }

        // A dry run leaves alone what a run that died may yet be resumed from.
        if (!dryRun)
            await StaleStaging.ClearAsync(connection, plan.Entities, Database.Schema, runId, cancellationToken);
        return done;
    }

    /// <summary>Gets everything ready for a comparison, which holds no locks and leaves the tables alone; gives what the user should hear of it.</summary>
    public async Task<IReadOnlyList<string>> PrepareComparisonAsync(SyncPlan plan, Guid runId, CancellationToken cancellationToken)
    {
        var warnings = await PrepareAsync(plan, runId, dryRun: true, cancellationToken);
        await using var connection = await Database.ConnectAsync(cancellationToken);
        await StaleStaging.ClearComparisonsAsync(connection, plan.Entities, cancellationToken);
        return warnings;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
