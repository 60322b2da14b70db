using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BubbleSync.Tests.Resync;

/// <summary>
/// What a row must hold for a record, worked out from the map file without any of the engine's code: column by column, as the JSON that
/// <c>to_jsonb</c> gives for it. Columns that the record has nothing for are not in it.
/// </summary>
internal static class ExpectedState
{
    public static Dictionary<string, JsonNode?> Of(Map map, JsonElement record)
    {
        var row = new Dictionary<string, JsonNode?>();
        foreach (var field in map.Fields)
        {
            var (column, type) = (field.GetProperty("column").GetString()!, field.GetProperty("type").GetString()!);
            if (Sources(field).Select(name => Walk(Find(record, name), field)).FirstOrDefault(value => value is { } v && !IsNothing(v, type)) is { } found)
                row[column] = Convert(found, type);
        }

        return row;
    }

    private static IEnumerable<string[]> Sources(JsonElement field)
    {
        yield return Words(field, "from");
        if (field.TryGetProperty("fallback", out _))
        {
            foreach (var name in Words(field, "fallback"))
                yield return [name];
        }
    }

    private static string[] Words(JsonElement field, string name) => field.GetProperty(name) is { ValueKind: JsonValueKind.Array } list
        ? [.. list.EnumerateArray().Select(item => item.GetString()!)]
        : [field.GetProperty(name).GetString()!];

    private static JsonElement? Find(JsonElement record, string[] names)
    {
        foreach (var name in names)
        {
            if (record.TryGetProperty(name, out var value))
                return value;
        }

        foreach (var name in names)
        {
            foreach (var property in record.EnumerateObject().Where(p => Normal(p.Name) == Normal(name)))
                return property.Value;
        }

        return null;
    }

    private static string Normal(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name.ToLowerInvariant())
            text.Append(char.IsAsciiLetterOrDigit(letter) ? letter : text.Length > 0 && text[^1] == '_' ? "" : '_');
        return text.ToString().Trim('_');
    }

    private static JsonElement? Walk(JsonElement? value, JsonElement field)
    {
        if (!field.TryGetProperty("path", out var path))
            return value;

        foreach (var step in path.GetString()!.Split('.'))
            value = value is { ValueKind: JsonValueKind.Object } inner && inner.TryGetProperty(step, out var next) ? next : null;
        return value;
    }

    private static bool IsNothing(JsonElement value, string type) =>
        value.ValueKind == JsonValueKind.Null
        || (value.ValueKind == JsonValueKind.String
            && ((type != "text" && string.IsNullOrWhiteSpace(value.GetString()))
                || (type.StartsWith("url", StringComparison.Ordinal) && value.GetString() == "//")));

    private static JsonNode? Convert(JsonElement value, string type) => type switch
    {
        "text" or "integer" or "numeric" or "boolean" or "timestamptz" => JsonNode.Parse(value.GetRawText()),
        "url" => JsonValue.Create(Address(value.GetString()!)),
        "text[]" => List(value, text => text),
        "url[]" => List(value, Address),
        _ => throw new NotSupportedException(type),
    };

    private static JsonArray List(JsonElement list, Func<string, string> item) =>
        [.. list.EnumerateArray().Where(i => !IsNothing(i, "url")).Select(i => (JsonNode)JsonValue.Create(item(i.GetString()!)))];

    private static string Address(string text) => text.StartsWith("//", StringComparison.Ordinal) ? "https:" + text : text;
}
