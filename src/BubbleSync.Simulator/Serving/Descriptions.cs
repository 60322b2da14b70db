using System.Text.Json.Nodes;
using BubbleSync.Simulator.Storage;

namespace BubbleSync.Simulator.Serving;

/// <summary>Describes the types that are exposed, as <c>/meta</c> and as Swagger do.</summary>
internal static class Descriptions
{
    public static string Meta(IReadOnlyList<TypeStore> types, bool withTypes)
    {
        var meta = new JsonObject { ["get"] = Names(types), ["post"] = new JsonArray() };
        if (withTypes)
            meta["types"] = new JsonObject(types.Select(type => KeyValuePair.Create(type.Url, (JsonNode?)Describe(type))));
        return meta.ToJsonString();
    }

    public static string Swagger(IReadOnlyList<TypeStore> types, string basePath)
    {
        var paths = new JsonObject();
        foreach (var type in types)
        {
            paths[$"/obj/{type.Url}"] = new JsonObject { ["get"] = new JsonObject(), ["post"] = new JsonObject() };
            paths[$"/obj/{type.Url}/{{UniqueID}}"] =
                new JsonObject { ["get"] = new JsonObject(), ["patch"] = new JsonObject(), ["put"] = new JsonObject(), ["delete"] = new JsonObject() };
        }

        var definitions = new JsonObject(types.Select(type => KeyValuePair.Create(type.Url, (JsonNode?)new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(type.Fields.Fields.Select(field => KeyValuePair.Create(type.Fields.KeyOf(field), (JsonNode?)Property(field.Type)))),
        })));
        return new JsonObject { ["swagger"] = "2.0", ["basePath"] = basePath, ["paths"] = paths, ["definitions"] = definitions }.ToJsonString();
    }

    private static JsonArray Names(IReadOnlyList<TypeStore> types) => new([.. types.Select(type => (JsonNode?)type.Url)]);

    private static JsonObject Describe(TypeStore type) => new()
    {
        ["display"] = type.Name,
        ["fields"] = new JsonArray([.. type.Fields.Fields.Select(field =>
            new JsonObject { ["id"] = field.Id, ["display"] = field.Name, ["type"] = field.Type })]),
    };

    private static JsonObject Property(string type) => type switch
    {
        "number" => new() { ["type"] = "number", ["format"] = "float" },
        "boolean" => new() { ["type"] = "boolean" },
        "date" => new() { ["type"] = "string", ["format"] = "date-time" },
        "user" => new() { ["type"] = "string", ["description"] = "'user' represented by a unique ID" },
        _ when type.StartsWith("custom.", StringComparison.Ordinal) =>
            new() { ["type"] = "string", ["description"] = $"'{type[7..]}' represented by a unique ID" },
        _ when type.StartsWith("list.", StringComparison.Ordinal) => new() { ["type"] = "array", ["items"] = Property(type[5..]) },
        _ => new() { ["type"] = "string" },
    };
}
