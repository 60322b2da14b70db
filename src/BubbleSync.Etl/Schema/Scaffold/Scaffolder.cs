using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>Proposes entities for Bubble types that no map names yet: a map and a table's script for each.</summary>
internal sealed class Scaffolder(AppSurvey survey, LinkTargets targets, RunSettings folders)
{
    private const string Key = "bubble_id";

    // Keeps what Bubble gains later, until the field has a line of its own.
    private const string UnmappedColumn = "other_fields";

    // The throttle limits the parallel requests; this limits how many types wait for it.
    private const int AtOnce = 16;

    private readonly List<string> _warnings = [];

    /// <summary>Returns the entities, and writes their files unless it is a dry run; existing files do not change.</summary>
    public async Task<ScaffoldReport> RunAsync(ScaffoldOptions options, CancellationToken cancellationToken)
    {
        var known = EntityMapReader.ReadIfAny(folders.Entities);
        var app = await survey.DescribeAsync(cancellationToken);
        if (app.FieldsWarning is { } warning)
            _warnings.Add(warning);
        var wanted = options.All ? Unmapped(app, known) : [.. options.Types.Select(t => Wanted(t, app, known)).DistinctBy(t => BubbleQuery.TypeName(t.Name))];
        var types = await SurveyedAsync(wanted, options.All, cancellationToken);
        var maps = Maps(types, app, known);
        _warnings.AddRange(await targets.FindMismatchesAsync(maps, known.Concat(maps).ToDictionary(m => m.Name, m => m.BubbleType), cancellationToken));
        var files = new ScaffoldFiles(folders, maps);
        if (!options.DryRun)
            await files.WriteAsync(cancellationToken);
        return new ScaffoldReport(
            app.Source, options.DryRun,
            [.. maps.Select(m => new ScaffoldedEntity(m.Name, m.BubbleType, m.Table, m.Level, m.Fields.Count, files.MapOf(m), files.TableOf(m)))], _warnings);
    }

    private static List<DescribedType> Unmapped(AppDescription app, IReadOnlyList<EntityMap> known) => app.Types.Count > 0
        ? [.. app.Types.Where(t => !known.Any(m => t.Answers(m.BubbleType))).OrderBy(t => t.Name, StringComparer.Ordinal)]
        : throw Refused(
            "--all", ErrorCode.TypesUntold,
            $"The app does not say which types it has{(app.Failure is null ? "" : $" ({app.Failure.TrimEnd('.')})")}. Name them one by one.");

    private static DescribedType Wanted(string type, AppDescription app, IReadOnlyList<EntityMap> known)
    {
        var found = app.Find(type) ?? (app.Types.Count == 0
            ? new DescribedType(type, type, type, [])
            : throw Refused("--type", ErrorCode.TypeNotExposed, $"The Data API serves no type '{type}'.{DidYouMean.Hint(type, app.Types.Select(t => t.Name))} "
                + "Tick it under Settings > API in the Bubble editor, and deploy."));
        return known.FirstOrDefault(m => found.Answers(m.BubbleType)) is { } map
            ? throw Refused("--type", ErrorCode.TypeMapped, $"{map.File} names type '{type}' already. An audit of the schema shows "
                + "what it lacks.", new NextAction(NextActionKind.AuditSchema))
            : found;
    }

    private async Task<IReadOnlyList<SurveyedType>> SurveyedAsync(List<DescribedType> types, bool forgiving, CancellationToken cancellationToken)
    {
        var surveyed = new SurveyedType?[types.Count];
        await ParallelWork.RunAsync(Enumerable.Range(0, types.Count), AtOnce, async (i, token) =>
        {
            try
            {
                surveyed[i] = await survey.SurveyAsync(types[i], token);
            }
            catch (SyncException refused) when (forgiving && refused.Errors[0].Code == ErrorCode.TypeNotExposed)
            {
                lock (_warnings)
                    _warnings.Add($"{types[i].Name}: left out: {refused.Message}");
            }
        }, cancellationToken);
        return [.. surveyed.OfType<SurveyedType>()];
    }

    private List<EntityMap> Maps(IReadOnlyList<SurveyedType> types, AppDescription app, IReadOnlyList<EntityMap> known)
    {
        var names = new FreeNames(known.SelectMany(m => new[] { m.Name, m.Table }).Concat(ScaffoldFiles.Taken(folders)));
        var entities = known.ToDictionary(m => BubbleQuery.TypeName(app.Find(m.BubbleType)?.Name ?? m.BubbleType), m => m.Name);
        foreach (var type in types)
            entities[BubbleQuery.TypeName(type.Name)] = names.Take(EntityName.Of(type.Display), "entity");

        var maps = types.Select(type => Map(
            type, entities[BubbleQuery.TypeName(type.Name)],
            new FieldProposer(app, entities, FreeNames.OfColumns([Key, UnmappedColumn, .. TableScript.OwnColumns])))).ToList();
        _warnings.AddRange(maps.Zip(types).Where(m => m.Second.HasNameless)
            .Select(m => $"{m.First.Name}: records have a field without a name, which no map can read. Give it a name in the Bubble editor."));
        _warnings.AddRange(maps.Zip(types).SelectMany(m => m.Second.SharedNames.Select(s => $"{m.First.Name}: {s.Message}")));
        var links = maps.Zip(types).SelectMany(m => Links(m.First, m.Second)).ToList();
        var (levels, circles) = MergeLevels.Of([.. maps.Select(m => m.Name)], links.Select(l => l.Link), known.ToDictionary(m => m.Name, m => m.Level));
        _warnings.AddRange(circles.Select(c => $"{c.Entity}: column '{c.Column}' closes a circle with '{c.Target}': the levels leave it out of account, and "
            + "its links are kept all the same."));
        var all = known.Select(m => KeyValuePair.Create(m.Name, m.Level)).Concat(levels).ToDictionary();
        var parents = ParentLinks.Of([.. links.Where(l => !l.IsCreator).Select(l => l.Link)], all);
        return [.. maps.Select(m => m with
        {
            Level = levels[m.Name],
            Fields = [.. m.Fields.Select(f => f with { Follow = parents.GetValueOrDefault(m.Name) == f.Column })],
        }).OrderBy(m => m.Name, StringComparer.Ordinal)];
    }

    private static IEnumerable<(EntityLink Link, bool IsCreator)> Links(EntityMap map, SurveyedType type) =>
        from field in map.Fields.Zip(type.Fields)
        from target in field.First.Relation
        select (new EntityLink(map.Name, field.First.Column, target, FieldKind.IsList(field.Second.Type)), field.First.From.Contains(BubbleField.CreatedBy));

    private static EntityMap Map(SurveyedType type, string name, FieldProposer proposer) => new()
    {
        File = $"{name}.json",
        Name = name,
        BubbleType = type.Name,
        Table = name,
        Key = Key,
        Unmapped = UnmappedColumn,
        Fields = [.. type.Fields.Select(
            f => f.Names.Contains(BubbleField.Id) ? new FieldMap { Column = Key, Type = "text", From = [BubbleField.Id] } : proposer.Propose(f))],
    };

    private static SyncException Refused(string field, ErrorCode code, string message, NextAction? next = null) =>
        new(new SyncError(SyncStage.Settings, null, null, field, code, message) { Next = next });
}
