using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Schema.Scaffold;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Schema;

/// <summary>Compares one map, with its names determined, with its Bubble type; names are looked up as in a run.</summary>
internal sealed class MapComparison(EntityMap map, IEnumerable<NameMatch> matches, SurveyedType type)
{
    private readonly NameIndex _index = new(map.Fields.Select(SourceField.Of));

    /// <summary>How much of the type is mapped.</summary>
    public SchemaAuditedEntity Entity => new(
        map.Name, map.BubbleType, type.Fields.Count(f => !IsIgnored(f)), type.Fields.Count(f => LineOf(f.Effective) is not null));

    /// <summary>Fields that no line reads under any name, without those that the map ignores.</summary>
    public IEnumerable<SurveyedField> Unmapped => type.Fields.Where(f => LineOf(f.Names) is null && !IsIgnored(f));

    /// <summary>Returns the line that probably means an unmapped field, by a name that Bubble does not have; null where there is none.</summary>
    public FieldMap? LineMeaning(SurveyedField field)
    {
        var told = type.Fields.SelectMany(f => f.Names).ToHashSet();
        return type.IsTold
            ? map.Fields.FirstOrDefault(line => !line.From.Any(told.Contains) && line.From.Any(name => DidYouMean.Nearest(name, UnmappedNames) == field.Name))
            : null;
    }

    private IEnumerable<string> UnmappedNames => Unmapped.Select(f => f.Name);

    private string Meant(IEnumerable<string> names) =>
        names.Select(name => DidYouMean.Nearest(name, UnmappedNames)).FirstOrDefault(near => near is not null) is { } found ? $" Did you mean '{found}'?" : "";

    /// <summary>All differences except for fields that no line reads.</summary>
    public IEnumerable<SchemaFinding> Findings() => [.. Matched(), .. Shared(), .. Renamed(), .. Misfits(), .. Gone()];

    private IEnumerable<SchemaFinding> Matched() =>
        from match in matches
        where match.Entity == map.Name
        select new SchemaFinding(
            map.Name, map.BubbleType, match.Field.Name, match.Column, match.Field.Type, SchemaFindingKind.FieldRenamed, match.Message, null);

    private IEnumerable<SchemaFinding> Shared() =>
        type.SharedNames.Where(s => !map.Ignored.Contains(s.Name)).Select(
            s => new SchemaFinding(map.Name, map.BubbleType, s.Name, LineOf([s.Name])?.Column ?? "", "", SchemaFindingKind.NameShared, s.Message, null));

    private IEnumerable<SchemaFinding> Renamed() =>
        from field in type.Fields
        where LineOf(field.Effective) is null
        let line = LineOf(field.Names)
        where line is not null
        select Finding(field, line, SchemaFindingKind.FieldRenamed, $"Records carry it as '{field.Sent[0]}', which {map.File} does not read. Switch on "
            + "'Display fields instead of id for key names' (Settings > API in the Bubble editor), or add this name to 'from'.");

    // Inside a nested object the field's own kind says nothing.
    private IEnumerable<SchemaFinding> Misfits() =>
        from field in type.Fields
        let line = LineOf(field.Effective)
        where line is { Path.Count: 0 } && FieldType.All.TryGetValue(line.Type, out var target) && !FieldKind.Fits(field.Type, target)
        select Finding(field, line, SchemaFindingKind.TypeMisfit, $"{map.File} reads it as {line.Type}, to which a {field.Type} does not convert: its records "
            + $"would be rejected. Make it {FieldKind.TypeOf(field.Type)}.");

    private IEnumerable<SchemaFinding> Gone()
    {
        if (!type.IsTold)
            return [];

        var told = type.Fields.SelectMany(f => f.Names).Concat(type.SharedNames.Select(s => s.Name)).ToHashSet();
        var read = told.Select(n => LineOf([n])).ToHashSet();
        return
        [
            .. map.Fields.Where(line => !read.Contains(line)).Select(line => new SchemaFinding(
                map.Name, map.BubbleType, line.From[0], line.Column, "", SchemaFindingKind.FieldGone,
                $"Bubble has no field of this name, nor of the others in {map.File}.{Meant(line.From)} Fix the name, or take the line out.", null)),
            .. map.Ignored.Where(name => !told.Contains(name) && !BubbleField.All.Contains(name)).Select(name => new SchemaFinding(
                map.Name, map.BubbleType, name, "", "", SchemaFindingKind.FieldGone,
                $"Bubble has no field of this name, which \"ignore\" of {map.File} names.{Meant([name])} Fix the name, or take it out.", null)),
        ];
    }

    private SchemaFinding Finding(SurveyedField field, FieldMap line, SchemaFindingKind finding, string message) =>
        new(map.Name, map.BubbleType, field.Name, line.Column, field.Type, finding, message, null);

    private bool IsIgnored(SurveyedField field) => LineOf(field.Names) is null && field.Names.Any(map.Ignored.Contains);

    private FieldMap? LineOf(IEnumerable<string> names)
    {
        var slots = names.SelectMany(_index.Find).ToHashSet();
        return map.Fields.Zip(_index.ColumnSlots).FirstOrDefault(f => f.Second.Any(slots.Contains)).First;
    }
}
