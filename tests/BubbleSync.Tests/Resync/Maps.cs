using System.Text.Json;

namespace BubbleSync.Tests.Resync;

/// <summary>The shipped entity maps as the files say them, read by the tests themselves.</summary>
internal static class Maps
{
    public static IReadOnlyList<Map> All { get; } =
    [
        .. Directory.GetFiles(Path.Combine(Repository.Root, "config", "entities"), "*.json").Order(StringComparer.Ordinal)
            .Select(file => JsonDocument.Parse(File.ReadAllBytes(file)).RootElement)
            .Select(root =>
                new Map(Word(root, "name"), Word(root, "bubbleType"), Word(root, "table"), Word(root, "key"), root.GetProperty("level")
                    .GetInt32(), [.. root.GetProperty("fields").EnumerateArray()])),
    ];

    public static Map Of(string entity) => All.Single(map => map.Name == entity);

    private static string Word(JsonElement map, string name) => map.GetProperty(name).GetString()!;
}

/// <summary>One file.</summary>
internal sealed record Map(string Name, string Type, string Table, string Key, int Level, IReadOnlyList<JsonElement> Fields);
