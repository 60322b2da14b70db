using System.Text;
using System.Text.Json;

namespace BubbleSync.Skeleton;

/// <summary>A Bubble type, its table and its columns, as config/entities says.</summary>
internal sealed record EntityMapFile(string BubbleType, string Table, string Key, IReadOnlyList<ColumnMap> Columns)
{
    /// <summary>Reads all files of a folder.</summary>
    public static IReadOnlyList<EntityMapFile> ReadAll(string folder) => [.. Directory.EnumerateFiles(folder, "*.json").Select(Read)];

    private static EntityMapFile Read(string file)
    {
        using var text = JsonDocument.Parse(File.ReadAllBytes(file));
        var root = text.RootElement;
        return new(
            root.GetProperty("bubbleType").GetString()!.ToLowerInvariant(), root.GetProperty("table").GetString()!, root.GetProperty("key").GetString()!,
            [.. root.GetProperty("fields").EnumerateArray().Select(Column)]);
    }

    private static ColumnMap Column(JsonElement field) => new(
        field.GetProperty("column").GetString()!,
        field.GetProperty("type").GetString()!,
        [.. Words(field, "from").Concat(Words(field, "fallback")).Select(Encoding.UTF8.GetBytes)],
        [.. Words(field, "path").SelectMany(p => p.Split('.')).Select(Encoding.UTF8.GetBytes)]);

    private static IEnumerable<string> Words(JsonElement field, string name)
    {
        if (!field.TryGetProperty(name, out var value))
            return [];
        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(v => v.GetString()!) : [value.GetString()!];
    }
}

/// <summary>A column: its conversion, the names it is read from, the first of them first, and the steps into a nested object.</summary>
internal sealed record ColumnMap(string Name, string Type, IReadOnlyList<byte[]> Names, IReadOnlyList<byte[]> Path)
{
    /// <summary>The type of the column in staging.</summary>
    public string StagedType => Type switch { "url" => "text", "url[]" => "text[]", _ => Type };
}
