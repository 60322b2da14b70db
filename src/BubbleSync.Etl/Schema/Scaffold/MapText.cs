using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>Writes a map as people write them: one field a line.</summary>
internal static class MapText
{
    /// <summary>The whole file.</summary>
    /// <param name="map">The map.</param>
    /// <param name="schema">The path of the schema for editors, or null where there is none.</param>
    public static string Of(EntityMap map, string? schema) =>
        Invariant($$"""
        {
        {{(schema is null ? "" : $"  \"$schema\": {JsonText.Of(schema)},\n")}}  "name": {{JsonText.Of(map.Name)}},
          "bubbleType": {{JsonText.Of(map.BubbleType)}},
          "table": {{JsonText.Of(map.Table)}},
          "key": {{JsonText.Of(map.Key)}},
          "level": {{map.Level}},
        {{(map.Unmapped is null ? "" : $"  \"unmapped\": {JsonText.Of(map.Unmapped)},\n")}}  "fields": [
            {{string.Join(",\n    ", map.Fields.Select(f => Line(f, null)))}}
          ]
        }

        """);

    /// <summary>One line of it.</summary>
    public static string Line(FieldMap field, string? note)
    {
        (string Name, string? Value)[] members =
        [
            ("column", JsonText.Of(field.Column)),
            ("type", JsonText.Of(field.Type)),
            ("from", Words(field.From)),
            ("relation", field.Relation.Count == 0 ? null : Words(field.Relation)),
            ("follow", field.Follow ? "true" : null),
            ("note", note is null ? null : JsonText.Of(note)),
        ];
        return $"{{ {string.Join(", ", members.Where(m => m.Value is not null).Select(m => $"\"{m.Name}\": {m.Value}"))} }}";
    }

    private static string Words(IReadOnlyList<string> words) => words.Count == 1 ? JsonText.Of(words[0]) : $"[{string.Join(", ", words.Select(JsonText.Of))}]";
}
