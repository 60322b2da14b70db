using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Patches;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Runs.Foreseen;

/// <summary>Makes the plan of a command that writes nothing, so that it needs neither tables nor a database.</summary>
/// <param name="settings">All settings.</param>
/// <param name="catalogue">What the database has.</param>
/// <param name="notes">What a user should know of the database.</param>
internal sealed class ForeseenPlan(SyncSettings settings, Catalogue catalogue, IReadOnlyList<string> notes)
{
    /// <summary>Returns the plan of all entities, or of those named; the names are determined by the app's description.</summary>
    /// <exception cref="SyncException">A map, or a table that exists, forbids a run.</exception>
    public async Task<SyncPlan> ReadAsync(IReadOnlyList<string> entities, BubbleClient client, CancellationToken cancellationToken)
    {
        var maps = EntityMapReader.Read(settings.Run.Entities);
        Compile(maps, entities).ThrowIfInvalid();
        var app = await new AppDescriptionReader(client).TryReadAsync(cancellationToken);
        var names = NameResolution.Of(maps, app.FieldsOf);
        var plan = Compile(names.Maps, entities).ThrowIfInvalid();
        var matches = names.Warnings(plan.Entities.Select(e => e.Name));
        IEnumerable<string> unsettled = app.NamesWarning is { } warning ? [warning] : [];
        return plan with { Warnings = [.. notes, .. plan.Warnings, .. matches, .. unsettled, .. Missing(plan)] };
    }

    private SyncPlan Compile(IReadOnlyList<EntityMap> maps, IReadOnlyList<string> entities) =>
        PlanCompiler.Compile(
            maps, ForeseenTables.AddTo(catalogue, maps), entities, PatchFile.CompletedColumns(settings.Run.Patches), settings.Privacy.HashKey);

    private IEnumerable<string> Missing(SyncPlan plan)
    {
        List<string> missing = [.. plan.Entities.Select(e => e.Target.Name).Where(t => !catalogue.Tables.ContainsKey(t))];
        if (missing.Count > 0)
            yield return $"Tables that do not exist yet are taken as their maps describe them: {string.Join(", ", missing)}.";
    }
}
