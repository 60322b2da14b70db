using System.Text.Encodings.Web;
using System.Text.Json;
using BubbleSync.Etl.Mapping;
using static System.FormattableString;

namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>Writes a map as people write them: one field a line.</summary>
internal static class MapText
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The whole file.</summary>
    /// <param name="map">The map.</param>
    /// <param name="schema">The path of the schema for editors, or null where there is none.</param>
    public static string Of(EntityMap map, string? schema) =>
        Invariant($$"""
        {
        {{(schema is null ? "" : $"  \"$schema\": {Word(schema)},\n")}}  "name": {{Word(map.Name)}},
          "bubbleType": {{Word(map.BubbleType)}},
          "table": {{Word(map.Table)}},
          "key": {{Word(map.Key)}},
          "level": {{map.Level}},
        {{(map.Unmapped is null ? "" : $"  \"unmapped\": {Word(map.Unmapped)},\n")}}  "fields": [
            {{string.Join(",\n    ", map.Fields.Select(f => Line(f, null)))}}
          ]
        }

        """);

    /// <summary>One line of it.</summary>
    public static string Line(FieldMap field, string? note)
    {
        (string Name, string? Value)[] members =
        [
            ("column", Word(field.Column)),
            ("type", Word(field.Type)),
            ("from", Words(field.From)),
            ("relation", field.Relation.Count == 0 ? null : Words(field.Relation)),
            ("note", note is null ? null : Word(note)),
        ];
        return $"{{ {string.Join(", ", members.Where(m => m.Value is not null).Select(m => $"\"{m.Name}\": {m.Value}"))} }}";
    }

    private static string Words(IReadOnlyList<string> words) => words.Count == 1 ? Word(words[0]) : $"[{string.Join(", ", words.Select(Word))}]";

    private static string Word(string word) => JsonSerializer.Serialize(word, Readable);
}
