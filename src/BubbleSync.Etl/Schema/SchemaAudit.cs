using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Merge.Constraints;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Schema.Comments;
using BubbleSync.Etl.Schema.Scaffold;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Schema;

/// <summary>Compares Bubble's types and fields with the maps, and the maps with the tables; closes the gaps on request.</summary>
internal sealed class SchemaAudit(AppDescription app, ResolvedMaps names, SyncPlan plan, TargetDatabase database, AppSurvey survey, RunSettings folders)
{
    private const string Review = "proposed by 'audit schema': review";

    private readonly IReadOnlyList<EntityMap> _maps = names.Maps;
    private readonly List<SchemaFinding> _findings = [];
    private readonly List<(EntityMap Map, FieldMap Line)> _proposals = [];

    /// <summary>Returns a report.</summary>
    public async Task<SchemaAuditReport> RunAsync(SchemaAuditOptions options, CancellationToken cancellationToken)
    {
        var types = await SurveyedAsync(cancellationToken);
        _findings.AddRange(app.Types.Where(t => !_maps.Any(m => t.Answers(m.BubbleType))).Select(t => new SchemaFinding(
            "", t.Name, "", "", "", SchemaFindingKind.TypeUnmapped, $"No map names this type. A scaffold of it writes map and table script.", null)));
        var scripts = new SchemaScripts(folders.Schema, database);
        var foreseen = Missing.Count == 0 ? null : await scripts.ForeseeAsync(Missing, cancellationToken);
        var entities = new List<SchemaAuditedEntity>();
        foreach (var map in _maps.Where(m => types.ContainsKey(m.Name)))
            entities.Add(await CompareAsync(map, foreseen?.Catalogue.Tables.GetValueOrDefault(map.Table), types[map.Name], cancellationToken));
        AddGaps();

        var ddl = await new DdlScript(scripts, database.Schema).OfAsync(Missing, foreseen?.Completed ?? [], _findings, cancellationToken);
        var statements = _findings.Where(f => f.Finding != SchemaFindingKind.ColumnMisfit).Select(f => f.Ddl).OfType<string>().ToList();
        IReadOnlyList<string> uncommented = [];
        if (options.Apply)
        {
            await CheckKeysAsync(cancellationToken);
            uncommented = (await scripts.ApplyAsync(_maps, statements, views: false, cancellationToken)).Warnings;
        }

        var written = options.WriteMaps ? await WriteMapsAsync(cancellationToken) : [];
        return new SchemaAuditReport(app.Source, entities, Sorted(), ddl, options.Apply ? Missing.Count + statements.Count : 0, written)
        {
            Warnings = [.. app.FieldsWarning is { } warning ? [warning] : Array.Empty<string>(), .. uncommented],
        };
    }

    private IReadOnlyList<EntityMap> Missing =>
        [.. _maps.Where(m => plan.Gaps.Any(g => g.Entity == m.Name && g.Kind == SchemaFindingKind.TableMissing)).OrderBy(m => m.Level)];

    private IReadOnlyList<SchemaFinding> Sorted() =>
    [
        .. _findings.OrderBy(f => f.Entity, StringComparer.Ordinal).ThenBy(f => Word.Of(f.Finding), StringComparer.Ordinal)
            .ThenBy(f => f.BubbleField, StringComparer.Ordinal).ThenBy(f => f.Column, StringComparer.Ordinal).ThenBy(f => f.BubbleType, StringComparer.Ordinal),
    ];

    private async Task<IReadOnlyDictionary<string, SurveyedType>> SurveyedAsync(CancellationToken cancellationToken)
    {
        var types = new Dictionary<string, SurveyedType>();
        await ParallelWork.RunAsync(_maps, _maps.Count, async (map, token) =>
        {
            try
            {
                var described = app.Find(map.BubbleType) ?? new DescribedType(map.BubbleType, map.BubbleType, map.BubbleType, []);
                var surveyed = await survey.SurveyAsync(described, token);
                lock (types)
                    types[map.Name] = surveyed;
            }
            catch (SyncException refused) when (refused.Errors[0].Code == ErrorCode.TypeNotExposed)
            {
                lock (types)
                    _findings.Add(new SchemaFinding(map.Name, map.BubbleType, "", "", "", SchemaFindingKind.TypeGone, "The Data API serves no such type, "
                        + $"which {map.File} names. Tick it under Settings > API in the Bubble editor and deploy; or fix bubbleType.", null));
            }
        }, cancellationToken);
        return types;
    }

    private async Task<SchemaAuditedEntity> CompareAsync(EntityMap map, TableInfo? foreseen, SurveyedType type, CancellationToken cancellationToken)
    {
        var comparison = new MapComparison(map, names.Matches, type);
        _findings.AddRange(comparison.Findings());
        var unmapped = comparison.Unmapped.ToList();
        var there = plan.Entities.FirstOrDefault(e => e.Name == map.Name)?.Target;
        var table = there ?? foreseen;
        var taken = map.Columns.Select(f => f.Column)
            .Concat(TableScript.OwnColumns).Concat(there is null ? foreseen?.Columns.Keys ?? [] : await OwnAsync(there, cancellationToken));
        var entities = _maps.ToDictionary(m => BubbleQuery.TypeName(app.Find(m.BubbleType)?.Name ?? m.BubbleType), m => m.Name);
        var proposer = new FieldProposer(app, entities, FreeNames.OfColumns(taken));
        foreach (var field in unmapped)
        {
            // A second column beside the one that was meant would split its values.
            if (comparison.LineMeaning(field) is { } meant)
                AddUnmapped(map, field, $"No line of {map.File} reads it. That of column '{meant.Column}' probably means it: fix '{meant.From[0]}' there.");
            else
                Propose(map, table, field, proposer.Propose(field));
        }

        return comparison.Entity;
    }

    // A column that no map names is the application's own, even with a field's name, unless an earlier audit added it.
    private Task<List<string>> OwnAsync(TableInfo table, CancellationToken cancellationToken) => database.RunAsync(
        c => c.RowsAsync(
            """
            select attname from pg_attribute
            where attrelid = @table::regclass and attnum > 0 and not attisdropped
              and coalesce(col_description(attrelid, attnum), '') not like all (array[@mark || '%', @earlier || '%'])
            """,
            r => r.GetString(0), cancellationToken, ("table", Identifier.Quote(database.Schema, table.Name)),
            ("mark", AuditMark.Start), ("earlier", AuditMark.EarlierStart)),
        cancellationToken);

    private void Propose(EntityMap map, TableInfo? table, SurveyedField field, FieldMap line)
    {
        if (map.Unmapped is { } kept)
        {
            _findings.Add(new SchemaFinding(
                map.Name, map.BubbleType, field.Name, kept, field.Type, SchemaFindingKind.FieldKept,
                $"No line of {map.File} reads it, and column '{kept}' keeps it. For a column of its own, add: {MapText.Line(line, null)}", null));
            return;
        }

        // Without the right to create the table, its script's columns are unknown, and one of them may have this name.
        if (table is null)
        {
            AddUnmapped(map, field, $"No line of {map.File} reads it. One can be proposed once the table is there.");
            return;
        }

        _proposals.Add((map, line));
        var isThere = table.Columns.ContainsKey(line.Column);
        _findings.Add(new SchemaFinding(
            map.Name, map.BubbleType, field.Name, line.Column, field.Type, SchemaFindingKind.FieldUnmapped,
            $"No line of {map.File} reads it. Add: {MapText.Line(line, null)}",
            isThere ? null : Ddl.AddColumn(database.Schema, map.Table, line.Column, FieldType.All[line.Type].Column, AuditMark.Of(field.Name))));
    }

    private void AddUnmapped(EntityMap map, SurveyedField field, string message) =>
        _findings.Add(new SchemaFinding(map.Name, map.BubbleType, field.Name, "", field.Type, SchemaFindingKind.FieldUnmapped, message, null));

    private void AddGaps()
    {
        foreach (var gap in plan.Gaps)
        {
            var map = _maps.First(m => m.Name == gap.Entity);
            var field = map.Fields.FirstOrDefault(f => f.Column == gap.Column)?.From[0] ?? "";
            _findings.Add(new SchemaFinding(map.Name, map.BubbleType, field, gap.Column ?? "", "", gap.Kind, gap.What, gap.Ddl));
        }

        foreach (var entity in WithoutKey)
        {
            _findings.Add(new SchemaFinding(
                entity.Name, entity.BubbleType, BubbleField.Id, entity.KeyName, "", SchemaFindingKind.IndexMissing,
                $"Table '{entity.Target.Name}' has no unique index on '{entity.KeyName}', so that one record could be there twice.",
                Ddl.UniqueIndex(entity.Table, entity.KeyName)));
        }
    }

    private IEnumerable<EntityPlan> WithoutKey => plan.Entities.Where(e => !e.HasUniqueKey && e.Target.Columns.ContainsKey(e.KeyName));

    private async Task CheckKeysAsync(CancellationToken cancellationToken)
    {
        foreach (var entity in WithoutKey)
            await database.RunAsync(c => UniqueKeys.CheckAsync(c, entity, cancellationToken), cancellationToken);
    }

    private async Task<IReadOnlyList<string>> WriteMapsAsync(CancellationToken cancellationToken)
    {
        var files = _proposals.GroupBy(p => p.Map.File).OrderBy(f => f.Key, StringComparer.Ordinal).ToList();
        var lines = files.ToDictionary(f => f.Key, IReadOnlyList<string> (f) => [.. f.Select(p => MapText.Line(p.Line, Review))]);
        await MapEditor.AddAsync(folders.Entities, lines, cancellationToken);
        return [.. files.Select(f => Path.Combine(folders.Entities, f.Key))];
    }
}
