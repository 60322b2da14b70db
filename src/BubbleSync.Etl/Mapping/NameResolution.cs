using System.Collections.Frozen;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Mapping;

/// <summary>
/// Determines the names of all columns before anything is read. A column is read under its own names and no others, unless the app describes the type and
/// has none of them: then the only field whose normalised name is that of the column's first name is added, if no other line reads it.
/// </summary>
internal sealed class NameResolution
{
    private const int MostColumns = 10;

    // Fields of users that an app has without describing them.
    private static readonly string[] OfUsers = ["authentication", "user_signed_up"];

    private readonly EntityMap _map;
    private readonly IReadOnlyList<DescribedField> _fields;
    private readonly IReadOnlyList<FieldMap> _lacking;
    private readonly List<NameMatch> _matches = [];

    private NameResolution(EntityMap map, IReadOnlyList<DescribedField> fields)
    {
        (_map, _fields) = (map, fields);
        var known = fields.SelectMany(f => new[] { f.Name, f.Id }).Concat(BubbleField.All).Concat(OfUsers).ToHashSet();
        // Without a description it is unknown whether a name is wrong.
        _lacking = fields.Count == 0 ? [] : [.. map.Fields.Where(line => !line.Names.Any(known.Contains))];
    }

    /// <summary>Returns the maps with the names that are added, and what was added.</summary>
    /// <param name="maps">The maps as their files have them.</param>
    /// <param name="fieldsOf">Returns the fields of a Bubble type as the app describes them; none where it does not.</param>
    public static ResolvedMaps Of(IReadOnlyList<EntityMap> maps, Func<string, IReadOnlyList<DescribedField>> fieldsOf)
    {
        var resolved = maps.Select(map => new NameResolution(map, fieldsOf(map.BubbleType))).Select(r => (Map: r.Resolve(), Resolution: r)).ToList();
        return new ResolvedMaps([.. resolved.Select(r => r.Map)], [.. resolved.SelectMany(r => r.Resolution._matches)])
        {
            Unread = resolved.Select(r => (r.Map.Name, Message: r.Resolution.Unread())).Where(u => u.Message is not null)
                .DistinctBy(u => u.Name).ToDictionary(u => u.Name, u => u.Message!),
        };
    }

    // What is in no record leaves its column as it is, and nothing else tells a wrong name from a field that is empty everywhere.
    private string? Unread()
    {
        var lines = _lacking.Where(line => _matches.TrueForAll(m => m.Column != line.Column)).ToList();
        if (lines.Count == 0)
            return null;

        var free = _fields.Select(f => f.Name).Where(n => !_map.Ignored.Contains(n) && !_map.Fields.Any(line => line.Names.Contains(n))).ToList();
        var further = lines.Count > MostColumns ? Invariant($" and {lines.Count - MostColumns} more") : "";
        return $"{_map.Name}: the app has none of the fields that these columns are read from, so that no record fills them: "
            + $"{string.Join(", ", lines.Take(MostColumns).Select(Meant))}{further}. Fix the names in \"from\" of {_map.File}, or take the lines out.";

        string Meant(FieldMap line) =>
            $"{line.Column} ('{line.From[0]}'{(DidYouMean.Nearest(line.From[0], free) is { } near ? $"; did you mean '{near}'?" : "")})";
    }

    private EntityMap Resolve() => _fields.Count == 0 ? _map : _map with { Fields = [.. _map.Fields.Select(Resolve).Select(Describe)] };

    private FieldMap Describe(FieldMap line) =>
        line with { Described = [.. _fields.Select(f => line.Names.FirstOrDefault(n => n == f.Name || n == f.Id)).OfType<string>().Distinct()] };

    private FieldMap Resolve(FieldMap line)
    {
        if (!_lacking.Contains(line) || Match(line) is not { } field)
            return line;

        var resolved = line with { From = [.. line.From, .. field.Names], Added = field.Names };
        _matches.Add(new NameMatch(
            _map.Name, _map.BubbleType, line.Column, field,
            $"{_map.Name}: column '{line.Column}' is read from Bubble's field '{field.Name}', because the app has no field '{line.From[0]}' "
            + "and no other one whose name differs from it only in case, spaces and signs. "
            + $"Add the name to \"from\" in {_map.File}: \"from\": {JsonText.Of(resolved.From)}"));
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
internal sealed record ResolvedMaps(IReadOnlyList<EntityMap> Maps, IReadOnlyList<NameMatch> Matches)
{
    /// <summary>By entity, a message that names the columns whose fields the app does not have.</summary>
    public IReadOnlyDictionary<string, string> Unread { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>What a user should know of the names of these entities.</summary>
    public IEnumerable<string> Warnings(IEnumerable<string> entities) =>
        entities.SelectMany(e => Matches.Where(m => m.Entity == e).Select(m => m.Message).Concat(Unread.TryGetValue(e, out var unread) ? [unread] : []));
}

/// <summary>A field that a line reads only because its normalised name is the line's.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="BubbleType">The Bubble type.</param>
/// <param name="Column">The line's column.</param>
/// <param name="Field">The field.</param>
/// <param name="Message">The message, with what to add to the map.</param>
internal sealed record NameMatch(string Entity, string BubbleType, string Column, DescribedField Field, string Message);
