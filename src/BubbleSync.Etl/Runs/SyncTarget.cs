using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Journal.Lags;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Constraints;
using BubbleSync.Etl.Merge.Patches;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Preflight;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Stages;
using BubbleSync.Etl.Settings;
using Microsoft.Extensions.Logging;

namespace BubbleSync.Etl.Runs;

/// <summary>The database that a command writes, with the maps and the catalogue that its plans come from.</summary>
internal sealed class SyncTarget : IAsyncDisposable
{
    private readonly SyncSettings _settings;
    private readonly Catalogue _catalogue;
    private readonly ILogger _logger;
    private string? _unsettled;
    private string? _fewSessions;
    private IReadOnlyList<string> _risks = [];
    private bool _hasControlTables;

    private SyncTarget(SyncSettings settings, IReadOnlyList<EntityMap> maps, TargetDatabase database, Catalogue catalogue, ILogger logger) =>
        (_settings, Names, Database, _catalogue, _logger) = (settings, new ResolvedMaps(maps, []), database, catalogue, logger);

    /// <summary>The maps of all entities: as in their files, until the names are determined.</summary>
    public IReadOnlyList<EntityMap> Maps => Names.Maps;

    /// <summary>The maps, with the additions of the name resolution.</summary>
    public ResolvedMaps Names { get; private set; }

    /// <summary>What the schema had when the target was opened.</summary>
    public Catalogue Catalogue => _catalogue;

    /// <summary>The database.</summary>
    public TargetDatabase Database { get; }

    /// <summary>Reads the maps, then opens the database and reads its catalogue.</summary>
    public static async Task<SyncTarget> OpenAsync(SyncSettings settings, string applicationName, ILogger logger, CancellationToken cancellationToken)
    {
        var maps = EntityMapReader.Read(settings.Run.Entities);
#pragma warning disable CA2000 // The target disposes of it.
        var database = await TargetDatabase.OpenAsync(settings.Postgres, applicationName, cancellationToken);
#pragma warning restore CA2000
        try
        {
            return new SyncTarget(settings, maps, database, await database.ReadCatalogueAsync(cancellationToken), logger);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>The plan of all entities, or of those named, with its faults; columns are read under the names determined so far.</summary>
    public SyncPlan Plan(IReadOnlyCollection<string> entities)
    {
        var plan = PlanCompiler.Compile(Maps, _catalogue, entities, PatchFile.CompletedColumns(_settings.Run.Patches), _settings.Privacy.HashKey);
        return plan with { Warnings = [.. Database.Notes, .. plan.Warnings, .. NameWarnings(plan.Entities)] };
    }

    /// <summary>The warnings about the names determined so far that concern these entities.</summary>
    public IEnumerable<string> NameWarnings(IReadOnlyList<EntityPlan> plans) =>
        Names.Warnings(plans.Select(p => p.Name)).Concat(_unsettled is null ? [] : [_unsettled]);

    /// <summary>Determines the names of all columns by the app's description, before anything is read; plans made from then on have them.</summary>
    /// <param name="client">Reads the description: one request, two where <c>/meta</c> has no fields.</param>
    /// <param name="drain">Ends the wait for it: the run stops before it reads.</param>
    /// <param name="cancellationToken">Stops at once.</param>
    public async Task ResolveNamesAsync(BubbleClient client, CancellationToken drain, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(drain, cancellationToken);
        try
        {
            var app = await new AppDescriptionReader(client).TryReadAsync(stop.Token);
            _unsettled = app.NamesWarning;
            ResolveNames(app);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nothing will be read, so the names no longer matter.
        }
    }

    /// <summary>Determines the names of all columns by the app's description.</summary>
    public void ResolveNames(AppDescription app) => Names = NameResolution.Of(Maps, app.FieldsOf);

    /// <summary>The patch stage of a run.</summary>
    /// <param name="names">The patches; none for all.</param>
    /// <param name="runId">The run.</param>
    /// <param name="isFull">Whether patches look at all rows, not only at those that were touched.</param>
    public PatchStage Patches(IReadOnlyCollection<string> names, Guid runId, bool isFull)
    {
        var scope = new PatchScope(
            Database.Schema, runId, PatchFile.ReadAll(_settings.Run.Patches, names), AreAll: names.Count == 0, isFull, Plan([]).Sound);
        return new PatchStage(scope, new PatchRunner(scope, _catalogue.Tables.Keys.ToHashSet()));
    }

    /// <summary>Returns what a backfill is to fill, by the entities whose maps gained columns that rows may lack.</summary>
    /// <param name="plan">The entities.</param>
    /// <param name="areNamed">Whether they were asked for by name.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<IReadOnlyDictionary<string, Backfill>> BackfillsAsync(SyncPlan plan, bool areNamed, CancellationToken cancellationToken)
    {
        await EnsureControlTablesAsync(cancellationToken);
        return await Database.RunAsync(c => FilledColumns.BackfillsAsync(c, plan.Entities, areNamed, cancellationToken), cancellationToken);
    }

    /// <summary>The names of the patches in order.</summary>
    public IReadOnlyList<string> PatchNames => [.. PatchFile.ReadAll(_settings.Run.Patches, []).Select(p => p.Name)];

    /// <summary>The journal of a run.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="readsBubble">Whether what it merges comes from Bubble now.</param>
    /// <param name="isDryRun">Whether everything but the run's own row is rolled back at its end.</param>
    public RunJournal Journal(Guid runId, bool readsBubble = true, bool isDryRun = false) =>
        new(Database, runId, _logger, _settings.Run.KeepDays, readsBubble ? Source : new MirroredSource(Database.Schema, "")) { IsDryRun = isDryRun };

    /// <summary>The app in the settings.</summary>
    public MirroredSource Source => new(Database.Schema, _settings.Bubble.BaseUrl is { } address ? MirroredSource.AddressOf(address) : "");

    /// <summary>Throws if the tables mirror another app than the settings name.</summary>
    public Task RequireSourceAsync(CancellationToken cancellationToken) => Database.RunAsync(
        async connection =>
        {
            if (await ControlTables.MayReadAsync(connection, "source", cancellationToken) is false)
                await ControlTableChecks.RequireAsync(connection, cancellationToken);
            await ControlTableChecks.RequireReadableAsync(connection, cancellationToken);
            await Source.RequireAsync(connection, cancellationToken);
        },
        cancellationToken);

    /// <summary>Throws if the user cannot read all the control tables, or a newer program made them.</summary>
    public Task RequireControlTablesReadableAsync(CancellationToken cancellationToken) =>
        Database.RunAsync(c => ControlTableChecks.RequireReadableAsync(c, cancellationToken), cancellationToken);

    /// <summary>Creates the control tables that are missing, for a command that reads them; throws if it cannot read them.</summary>
    public Task EnsureControlTablesReadableAsync(CancellationToken cancellationToken) =>
        Database.RunAsync(c => ControlTableChecks.EnsureReadableAsync(c, cancellationToken), cancellationToken);

    /// <summary>Throws if the missing tables, or views, cannot be created.</summary>
    public Task RequireTablesCanBeMadeAsync(bool views, CancellationToken cancellationToken)
    {
        var lacksTables = views || Plan([]).Gaps.Any(g => g.Kind == SchemaFindingKind.TableMissing);
        return Database.RunAsync(
            c => new TargetPreflight(c, Database.Schema, new TargetUse(IsWritten: true)).RequireTablesCanBeMadeAsync(lacksTables, cancellationToken),
            cancellationToken);
    }

    /// <summary>Whether runs have filled the tables of this schema but none recorded the app, as older versions did not.</summary>
    public Task<bool> LacksSourceAsync(CancellationToken cancellationToken) =>
        Database.RunAsync(c => Source.IsLackingAsync(c, cancellationToken), cancellationToken);

    /// <summary>Records the app in the settings as the one that the tables mirror, in place of another one.</summary>
    public async Task AcceptSourceAsync(Guid runId, CancellationToken cancellationToken)
    {
        await EnsureControlTablesAsync(cancellationToken);
        await Database.RunAsync(c => Source.ReplaceAsync(c, runId, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Takes the locks of a run, after a check that it gets the sessions it needs. If it gets fewer than the settings say, it uses only those.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="entities">The entities whose tables are written; none for a comparison.</param>
    /// <param name="nextStep">What finishes the run if the locks are lost.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<RunLock> LockAsync(Guid runId, IEnumerable<EntityPlan> entities, string nextStep, CancellationToken cancellationToken)
    {
        var (finding, sessions, isFewer) = await new SessionChecks(Database).RunAsync(cancellationToken);
        TargetFinding.ThrowIfAny([finding]);
        if (isFewer)
        {
            await Database.LimitAsync(sessions, cancellationToken);
            _fewSessions = $"{finding.Check}: {finding.Message}";
        }

        return await RunLock.TakeAsync(Database, runId, entities, nextStep, cancellationToken);
    }

    /// <summary>Throws if the database prevents a run over these entities, before anything is read from Bubble.</summary>
    /// <param name="plan">The entities.</param>
    /// <param name="use">What is done with their tables.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task RequireReadyAsync(SyncPlan plan, TargetUse use, CancellationToken cancellationToken) => Database.RunAsync(
        async connection =>
        {
            var preflight = new TargetPreflight(connection, Database.Schema, use);
            var findings = await preflight.RunAsync(plan.Entities, lacksTables: false, cancellationToken);
            TargetFinding.ThrowIfAny(findings);
            _hasControlTables |= preflight.HasControlTables;
            _risks = [.. findings.Where(f => !f.IsOk).Select(f => $"{f.Check}: {f.Message}")];
        },
        cancellationToken);

    /// <summary>Creates the missing control tables; throws if the database prevents it.</summary>
    public Task EnsureControlTablesAsync(CancellationToken cancellationToken) => Database.RunAsync(
        async connection =>
        {
            TargetFinding.ThrowIfAny(await new DatabaseChecks(connection).RunAsync(cancellationToken));
            await ControlTableChecks.RequireAsync(connection, cancellationToken);
            await ControlTables.EnsureAsync(connection, cancellationToken);
            _hasControlTables = true;
        },
        cancellationToken);

    /// <summary>Finds the run to resume.</summary>
    public async Task<ResumePoint> FindResumedAsync(string? run, CancellationToken cancellationToken)
    {
        await EnsureControlTablesAsync(cancellationToken);
        return await Database.RunAsync(c => ResumePoint.FindAsync(c, Database.Schema, run, cancellationToken), cancellationToken);
    }

    /// <summary>Prepares a run that holds the locks of its entities; returns warnings for the user.</summary>
    public async Task<IReadOnlyList<string>> PrepareAsync(SyncPlan plan, Guid runId, bool dryRun, CancellationToken cancellationToken)
    {
        if (!_hasControlTables)
            await EnsureControlTablesAsync(cancellationToken);
        var done = new List<string>(Warnings);
        // Each in its own transaction: an index is made under a lock on its table.
        foreach (var entity in plan.Entities.Where(e => !e.HasUniqueKey))
            done.Add(await Database.RunAsync(c => UniqueKeys.EnsureAsync(c, entity, dryRun, cancellationToken), cancellationToken) ?? "");
        // A dry run keeps what an interrupted run may be resumed from.
        if (!dryRun)
            await Database.RunAsync(c => StaleStaging.ClearAsync(c, plan.Entities, Database.Schema, runId, cancellationToken), cancellationToken);
        return [.. done.Where(warning => warning.Length > 0)];
    }

    /// <summary>Prepares a comparison, which locks no table and does not change the tables; returns warnings for the user.</summary>
    public async Task<IReadOnlyList<string>> PrepareComparisonAsync(SyncPlan plan, Guid runId, CancellationToken cancellationToken)
    {
        var warnings = await PrepareAsync(plan, runId, dryRun: true, cancellationToken);
        await Database.RunAsync(c => StaleStaging.ClearComparisonsAsync(c, plan.Entities, cancellationToken), cancellationToken);
        return warnings;
    }

    /// <summary>The warnings that stop no run: fewer sessions than the settings say, and risks of the database.</summary>
    public IReadOnlyList<string> Warnings => _fewSessions is null ? _risks : [_fewSessions, .. _risks];

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
