using System.Text.Encodings.Web;
using System.Text.Json;
using BubbleSync.Etl.Messages;

namespace BubbleSync.Etl.Mapping;

/// <summary>
/// Determines the names of all columns before anything is read. A column is read under its own names and no others, unless the app describes the type and
/// has none of them: then the only field whose normalised name is that of the column's first name is added, if no other line reads it.
/// </summary>
internal sealed class NameResolution
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly EntityMap _map;
    private readonly IReadOnlyList<DescribedField> _fields;
    private readonly IReadOnlyList<FieldMap> _lacking;
    private readonly List<NameMatch> _matches = [];

    private NameResolution(EntityMap map, IReadOnlyList<DescribedField> fields)
    {
        (_map, _fields) = (map, fields);
        var known = fields.SelectMany(f => new[] { f.Name, f.Id }).Concat(BubbleField.All).ToHashSet();
        // Without a description it is unknown whether a name is wrong.
        _lacking = fields.Count == 0 ? [] : [.. map.Fields.Where(line => !line.Names.Any(known.Contains))];
    }

    /// <summary>Returns the maps with the names that are added, and what was added.</summary>
    /// <param name="maps">The maps as their files have them.</param>
    /// <param name="fieldsOf">Returns the fields of a Bubble type as the app describes them; none where it does not.</param>
    public static ResolvedMaps Of(IReadOnlyList<EntityMap> maps, Func<string, IReadOnlyList<DescribedField>> fieldsOf)
    {
        var resolved = maps.Select(map => new NameResolution(map, fieldsOf(map.BubbleType))).Select(r => (Map: r.Resolve(), r._matches)).ToList();
        return new ResolvedMaps([.. resolved.Select(r => r.Map)], [.. resolved.SelectMany(r => r._matches)]);
    }

    private EntityMap Resolve() => _fields.Count == 0 ? _map : _map with { Fields = [.. _map.Fields.Select(Resolve).Select(Describe)] };

    private FieldMap Describe(FieldMap line) =>
        line with { Described = [.. _fields.Select(f => line.Names.FirstOrDefault(n => n == f.Name || n == f.Id)).OfType<string>().Distinct()] };

    private FieldMap Resolve(FieldMap line)
    {
        if (!_lacking.Contains(line) || Match(line) is not { } field)
            return line;

        var resolved = line with { From = [.. line.From, .. field.Names] };
        _matches.Add(new NameMatch(
            _map.Name, _map.BubbleType, line.Column, field,
            $"{_map.Name}: column '{line.Column}' is read from Bubble's field '{field.Name}', because the app has no field '{line.From[0]}' "
            + "and no other one whose name differs from it only in case, spaces and signs. "
            + $"Add the name to \"from\" in {_map.File}: \"from\": {JsonSerializer.Serialize(resolved.From, Readable)}"));
        return resolved;
    }

    private DescribedField? Match(FieldMap line)
    {
        var name = FieldName.Normalise(line.From[0]);
        if (name.Length == 0 || _fields.Where(f => IsNamed(f, name)).ToList() is not [var field])
            return null;

        // Columns with the same first name mean the same field, such as two paths into one object.
        var isTaken = _map.Ignored.Contains(field.Name) || _map.Ignored.Contains(field.Id)
            || _map.Fields.Any(other => other != line && other.Names.Any(n => n == field.Name || n == field.Id))
            || _lacking.Any(other => other.From[0] != line.From[0] && FieldName.Normalise(other.From[0]) == name);
        return isTaken ? null : field;
    }

    private static bool IsNamed(DescribedField field, string normalised) =>
        FieldName.Normalise(field.Name) == normalised || FieldName.Normalise(field.Id) == normalised;
}

/// <summary>Maps with their final names.</summary>
/// <param name="Maps">The maps; each line has all the names that it is read under.</param>
/// <param name="Matches">The fields that were added to lines by their normalised names.</param>
internal sealed record ResolvedMaps(IReadOnlyList<EntityMap> Maps, IReadOnlyList<NameMatch> Matches);

/// <summary>A field that a line reads only because its normalised name is the line's.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="BubbleType">The Bubble type.</param>
/// <param name="Column">The line's column.</param>
/// <param name="Field">The field.</param>
/// <param name="Message">The message, with what to add to the map.</param>
internal sealed record NameMatch(string Entity, string BubbleType, string Column, DescribedField Field, string Message);
