using System.Text.Json;
using System.Text.Json.Nodes;
using BubbleSync.Etl.Mapping.Columns;
using Xunit;

namespace BubbleSync.Tests.Settings;

/// <summary>What <c>entity.schema.json</c> tells an editor is what the reader takes.</summary>
public sealed class EntitySchemaTests : IDisposable
{
    private static readonly JsonElement Schema = ConfigFolder.Json("entity.schema.json");
    private static readonly JsonElement FieldSchema = Schema.GetProperty("$defs").GetProperty("field");
    private static readonly JsonElement PublishedSchema = Schema.GetProperty("properties").GetProperty("published");

    private readonly ConfigFolder _folder = new();

    public static TheoryData<string> Required => [.. Needed(Schema)];

    public static TheoryData<string> RequiredOfFields => [.. Needed(FieldSchema)];

    [Fact]
    public void A_map_with_every_word_of_the_schema_is_read()
    {
        var map = Whole();

        _folder.Write("thing.json", map.ToJsonString());

        Assert.Equal(ConfigFolder.Names(Schema.GetProperty("properties")).Order(StringComparer.Ordinal), map.Select(p => p.Key).Order(StringComparer.Ordinal));
        Assert.Equal(ConfigFolder.Names(FieldSchema.GetProperty("properties"))
            .Order(StringComparer.Ordinal), Field(map).Select(p => p.Key).Order(StringComparer.Ordinal));
        Assert.Equal(ConfigFolder.Names(PublishedSchema.GetProperty("properties")), Published(map).Select(p => p.Key));
        Assert.Empty(_folder.MapFaults());
    }

    [Fact]
    public void A_word_that_the_schema_lacks_is_refused_with_those_it_has()
    {
        var map = Whole();
        map["somethingElse"] = 1;
        Field(map)["somethingElse"] = 1;
        Published(map)["somethingElse"] = 1;

        _folder.Write("thing.json", map.ToJsonString());

        Assert.Equal(
            ["thing.json: fields[0].somethingElse: there is no setting 'somethingElse' here. Known: "
                + $"{Known(FieldSchema)}.", $"thing.json: published.somethingElse: there is no setting 'somethingElse' here. Known: {Known(PublishedSchema)}.",
                $"thing.json: somethingElse: there is no setting 'somethingElse' here. Known: {Known(Schema)}."],
            _folder.MapFaults().Select(f => f.Message).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Required))]
    public void What_the_schema_requires_of_a_map_the_reader_requires(string name)
    {
        var map = Whole();
        map.Remove(name);

        _folder.Write("thing.json", map.ToJsonString());

        Assert.Contains(_folder.MapFaults(), fault => fault.Message.StartsWith($"thing.json: {name}: ", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(RequiredOfFields))]
    public void What_the_schema_requires_of_a_field_the_reader_requires(string name)
    {
        var map = Whole();
        Field(map).Remove(name);

        _folder.Write("thing.json", map.ToJsonString());

        Assert.Contains(_folder.MapFaults(), fault => fault.Message.StartsWith($"thing.json: fields[0].{name}: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("7", ": an object is expected here.")]
    [InlineData("{}", ".mapped: 'mapped' is missing.", ".of: 'of' is missing.")]
    [InlineData("""{ "mapped": 10001, "of": 0 }""", ".mapped: a whole number from 0 to 10000 is expected here.", ".of: a whole number from 1 to 10000 is "
        + "expected here.")]
    [InlineData("""{ "mapped": 15, "of": 14 }""", ".mapped: a whole number from 0 to 14 is expected here.")]
    [InlineData("""{ "mapped": "1", "of": 10000 }""", ".mapped: a whole number from 0 to 10000 is expected here.")]
    public void Published_figures_are_two_numbers_in_the_bounds_of_the_schema(string published, params string[] faults)
    {
        var map = Whole();
        map["published"] = JsonNode.Parse(published);

        _folder.Write("thing.json", map.ToJsonString());

        Assert.Equal((0, 1, 10_000), (Bound("mapped", "minimum"), Bound("of", "minimum"), Bound("of", "maximum")));
        Assert.Equal(["mapped", "of"], Needed(PublishedSchema));
        Assert.Equal(faults.Select(f => $"thing.json: published{f}"), _folder.MapFaults().Select(f => f.Message).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_map_with_what_is_required_and_no_more_is_read()
    {
        var map = Whole();
        foreach (var name in map.Select(p => p.Key).Except(Needed(Schema)).ToList())
            map.Remove(name);
        foreach (var name in Field(map).Select(p => p.Key).Except(Needed(FieldSchema)).ToList())
            Field(map).Remove(name);

        _folder.Write("thing.json", map.ToJsonString());

        Assert.Empty(_folder.MapFaults());
    }

    [Fact]
    public void The_types_are_those_that_can_be_converted() =>
        Assert.Equal(FieldType.All.Keys.Order(StringComparer.Ordinal), FieldSchema.GetProperty("properties")
            .GetProperty("type").GetProperty("enum").EnumerateArray().Select(t => t.GetString()!).Order(StringComparer.Ordinal));

    [Fact]
    public void The_levels_are_those_that_are_read()
    {
        var level = Schema.GetProperty("properties").GetProperty("level");
        var (least, most) = (level.GetProperty("minimum").GetInt32(), level.GetProperty("maximum").GetInt32());

        var refused = new[] { least - 1, least, most, most + 1 }.Where(IsRefused);

        Assert.Equal([least - 1, most + 1], refused);
    }

    [Fact]
    public void The_table_in_the_README_has_the_words_and_types_of_the_schema()
    {
        var rows = ReadmeText.All["config/README.md"]
            .Split("What a line can say:")[1].Split("\n\n")[1].Split('\n').Skip(2).Select(row => row.Split(" | ")).ToList();

        Assert.Equal(ConfigFolder.Names(FieldSchema.GetProperty("properties"))
            .Order(StringComparer.Ordinal), rows.Select(row => row[0].Trim('|', ' ', '`')).Order(StringComparer.Ordinal));
        Assert.Equal(FieldType.All.Keys.Order(StringComparer.Ordinal), rows.Single(row => row[0].Contains("`type`", StringComparison.Ordinal))[1]
            .Split(';')[0].Split(' ').Select(word => word.Trim('`')).Order(StringComparer.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    private bool IsRefused(int level)
    {
        var map = Whole();
        map["level"] = level;
        _folder.Write("thing.json", map.ToJsonString());
        return _folder.MapFaults().Count > 0;
    }

    // $schema is for editors; a hint does not offer it.
    private static string Known(JsonElement schema) =>
        string.Join(", ", ConfigFolder.Names(schema.GetProperty("properties")).Where(name => name != "$schema").Order(StringComparer.Ordinal));

    private static IEnumerable<string> Needed(JsonElement schema) => schema.GetProperty("required").EnumerateArray().Select(name => name.GetString()!);

    private static int Bound(string name, string word) => PublishedSchema.GetProperty("properties").GetProperty(name).GetProperty(word).GetInt32();

    private static JsonObject Published(JsonObject map) => map["published"]!.AsObject();

    private static JsonObject Field(JsonObject map) => map["fields"]![0]!.AsObject();

    private static JsonObject Whole() => JsonNode.Parse("""
        {
          "$schema": "../entity.schema.json", "name": "thing", "bubbleType": "Thing", "table": "thing", "key": "bubble_id", "level": 3, "absent": "clear",
            "note": "a word",
          "published": { "mapped": 1, "of": 2, "note": "a word" }, "unmapped": "others", "ignore": ["X"],
          "fields": [
            { "column": "a", "type": "text", "from": ["A", "a"], "fallback": ["B"], "path": "c.d", "relation": ["agent", "user"], "follow": true,
              "absent": "keep", "mask": "drop", "note": "a word" }
          ]
        }
        """)!.AsObject();
}
