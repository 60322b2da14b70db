using System.Text.Json;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings.Reading;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Mapping;

/// <summary>Reads the entities folder: one map per JSON file, in name order, all faults of all files at once.</summary>
internal static partial class EntityMapReader
{
    private const int MostFields = 10_000;

    /// <summary>Returns the maps of a folder that may not exist yet, or may be empty.</summary>
    public static IReadOnlyList<EntityMap> ReadIfAny(string folder) =>
        Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.json").Any() ? Read(folder) : [];

    /// <summary>Returns the maps of a folder; throws with all errors if there are some.</summary>
    public static IReadOnlyList<EntityMap> Read(string folder)
    {
        var faults = new List<SyncError>();
        if (!Directory.Exists(folder))
            throw new SyncException(Fault("Run:Entities", $"There is no folder '{folder}'. Point Run:Entities to the folder with the entity maps."));

        var maps = Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal)
            .Select(file => ReadFile(file, faults))
            .OfType<EntityMap>()
            .ToList();
        if (maps.Count == 0 && faults.Count == 0)
            faults.Add(Fault("Run:Entities", $"The folder '{folder}' holds no *.json file: there is nothing to sync."));

        foreach (var twice in maps.GroupBy(m => m.Name).Where(g => g.Key.Length > 0 && g.Count() > 1))
            faults.Add(Fault("name", $"{string.Join(" and ", twice.Select(m => m.File))} both say name '{twice.Key}': names must differ."));
        foreach (var twice in maps.GroupBy(m => m.Table).Where(g => g.Key.Length > 0 && g.Count() > 1))
            faults.Add(Fault("table", $"{string.Join(" and ", twice.Select(m => m.File))} both write table '{twice.Key}': one entity a table."));

        return faults.Count == 0 ? maps : throw new SyncException(faults);
    }

    private static EntityMap? ReadFile(string path, List<SyncError> faults)
    {
        var file = Path.GetFileName(path);
        try
        {
            using var document = ConfigText.Parse(path, file);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return ReadEntity(new ConfigNode(document.RootElement, file, "", faults), file, faults);

            faults.Add(Fault(file, $"{file}: an object is expected."));
        }
        catch (SyncException broken)
        {
            faults.AddRange(broken.Errors);
        }

        return null;
    }

    private static EntityMap ReadEntity(ConfigNode node, string file, List<SyncError> faults)
    {
        var map = new EntityMap
        {
            File = file,
            Name = node.RequiredText("name"),
            BubbleType = node.RequiredText("bubbleType"),
            Table = node.RequiredText("table"),
            Key = node.RequiredText("key"),
            Level = node.Integer("level", 0, 0, 100),
            AbsentClears = node.Choice("absent", "keep", "clear") == 1,
            Published = node.Object("published") is { } published ? ReadPublished(published) : null,
            Unmapped = node.Text("unmapped"),
            Ignored = node.Texts("ignore"),
            Fields = [.. node.Objects("fields").Select(ReadField)],
        };
        node.Close();

        if (map.Name.Length > 0 && !Name().IsMatch(map.Name))
            faults.Add(Fault("name", $"{file}: name: '{map.Name}' is no name for an entity: small letters, digits and underscores, a letter first."));
        foreach (var twice in map.Fields.GroupBy(f => f.Column).Where(g => g.Key.Length > 0 && g.Count() > 1))
            faults.Add(Fault(file, $"{file}: column '{twice.Key}' is written by {twice.Count()} fields: give one field several names in 'from' "
                + "and 'fallback'."));
        faults.AddRange(UnmappedFaults(map).Select(f => Fault(f.Place, $"{file}: {f.Place}: {f.What}")));
        return map;
    }

    private static IEnumerable<(string Place, string What)> UnmappedFaults(EntityMap map)
    {
        var taken = map.Unmapped is not { } column ? null
            : column == map.Key ? "is the key"
            : Clocks.All.Contains(column) ? "is written with a time by every sync"
            : map.Fields.FirstOrDefault(f => f.Column == column) is { } line ? $"is written from '{line.From[0]}'"
            : null;
        if (taken is not null)
            yield return ("unmapped", $"column '{map.Unmapped}' {taken}. Name a column of its own for the fields that no line reads.");

        foreach (var name in map.Ignored.Distinct())
        {
            if (map.Fields.FirstOrDefault(f => f.Names.Contains(name)) is { } reader)
                yield return ("ignore", $"'{name}' is read into column '{reader.Column}'. Take the name out of \"ignore\", or out of that line.");
        }
    }

    private static PublishedCoverage ReadPublished(ConfigNode node)
    {
        var of = node.RequiredInteger("of", 1, MostFields);
        var mapped = node.RequiredInteger("mapped", 0, of);
        node.Close();
        return new PublishedCoverage(mapped, of);
    }

    private static FieldMap ReadField(ConfigNode node)
    {
        var field = new FieldMap
        {
            Column = node.RequiredText("column"),
            Type = node.RequiredText("type"),
            From = node.RequiredTexts("from"),
            Fallback = node.Texts("fallback"),
            Path = node.Text("path")?.Split('.') ?? [],
            Relation = node.Texts("relation"),
            Follow = node.Flag("follow"),
            AbsentClears = node.Choice("absent", "keep", "clear") is { } choice ? choice == 1 : null,
            Mask = (MaskKind?)node.Choice("mask", "hash", "last4", "drop"),
            Note = node.Note(),
        };
        node.Close();
        return field;
    }

    // The same pattern as in the JSON schema: commands name entities, and no shell should need quotes.
    [GeneratedRegex(@"^[a-z][a-z0-9_]*\z")]
    private static partial Regex Name();

    private static SyncError Fault(string field, string message) => new(SyncStage.Settings, null, null, field, ErrorCode.Settings, message);
}
