using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace BubbleSync.Tests.Schema;

/// <summary><c>export dbt</c>: a source for dbt whose queries run on the tables.</summary>
public sealed class DbtTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Hostile = "it's \"{{ 1 }}\" \\ #:\n- 🙂\u0001\u2028";

    [Fact]
    public async Task The_file_has_tests_and_freshness_that_hold_on_the_tables()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        await fixture.ResyncAsync("agent");
        var folder = fixture.Folder([]);
        var file = Path.Combine(folder, "sources.yml");

        var outcome = await Bubblesync.RunAsync(fixture, "export", "dbt", "--out", folder, "--warn-after", "90m", "--output", "json");

        Assert.True(outcome.Code == 0, outcome.All);
        var source = Source(await File.ReadAllTextAsync(file));
        var (tests, tables) = (Tests(source).ToList(), List(source, "tables").ToList());
        Assert.Equal(
            (file, 8, tables.Count, tests.Count, false),
            (outcome.Json.GetProperty("file").GetString(), outcome.Json.GetProperty("tables").GetInt32(), outcome.Json.GetProperty("tables").GetInt32(),
                outcome.Json.GetProperty("tests").GetInt32(), outcome.Json.TryGetProperty("target", out _)));
        var freshness = source["config"]["freshness"];
        Assert.Equal(("90", "minute"), ($"{freshness["warn_after"]["count"]}", $"{freshness["warn_after"]["period"]}"));
        Assert.Equal(("3", "hour"), ($"{freshness["error_after"]["count"]}", $"{freshness["error_after"]["period"]}"));
        foreach (var table in tables)
            await fixture.RowsAsync($"{table["config"]["loaded_at_query"]}");
        var agent = tables.Single(t => $"{t["name"]}" == "agent");
        Assert.True(await fixture.ScalarAsync<bool>($"select ({agent["config"]["loaded_at_query"]}) > now() - interval '1 hour'"));
        Assert.Contains("invoice bubble_id unique", tests);
        Assert.Contains("invoice bubble_id not_null", tests);
        Assert.Contains("invoice modified_date not_null \"last_synced_at\" is not null", tests);
        Assert.Contains("payment linked_invoice relationships source('bubble', 'invoice') \"bubble_id\" \"linked_invoice\" ~ '^[0-9]+x[0-9]+$'", tests);
        Assert.DoesNotContain(tests, t => t.StartsWith("invoice linked_payment", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_name_breaks_the_file_and_no_other_file_is_replaced()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        fixture.WithMap("agent", map => map.Replace(
            "\"from\": \"Address\"", $"\"from\": {System.Text.Json.JsonSerializer.Serialize(Hostile)}", StringComparison.Ordinal));
        var engine = new SyncEngine(fixture.Settings with { Postgres = new() { Schema = "a\"b" } });
        var folder = fixture.Folder([("sources.yml", "version: 2\n")]);

        var text = (await engine.ExportDbtAsync(new DbtOptions(), fixture.Limit)).Text!;
        var refused = await Assert.ThrowsAsync<SyncException>(() => engine.ExportDbtAsync(new DbtOptions { Folder = folder }, fixture.Limit));
        var early = await Assert.ThrowsAsync<SyncException>(
            () => engine.ExportDbtAsync(new DbtOptions { ErrorAfter = TimeSpan.FromHours(1) }, fixture.Limit));
        var named = await Assert.ThrowsAsync<SyncException>(() => engine.ExportDbtAsync(new DbtOptions { SourceName = "o'brien" }, fixture.Limit));

        var agent = List(Source(text), "tables").Single(t => $"{t["name"]}" == "agent");
        var address = List(agent, "columns").Single(c => $"{c["name"]}" == "address");
        Assert.Equal($"Bubble field '{Hostile.Replace("{", "{ ", StringComparison.Ordinal)}'", $"{address["description"]}");
        Assert.Equal("a\"b", $"{Source(text)["schema"]}");
        Assert.Contains("was not written by this program", refused.Message, StringComparison.Ordinal);
        Assert.Equal("version: 2\n", await File.ReadAllTextAsync(Path.Combine(folder, "sources.yml")));
        Assert.True(early.IsUsage && named.IsUsage);
    }

    private static YamlMappingNode Source(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        return (YamlMappingNode)List((YamlMappingNode)yaml.Documents[0].RootNode, "sources").Single();
    }

    private static IEnumerable<YamlNode> List(YamlNode node, string name) =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var list) ? ((YamlSequenceNode)list).Children : [];

    private static IEnumerable<string> Tests(YamlNode source) =>
        from table in List(source, "tables")
        from column in List(table, "columns")
        from test in List(column, "data_tests")
        select $"{table["name"]} {column["name"]} {Words(test)}";

    // A test without settings is only its name.
    private static string Words(YamlNode test)
    {
        if (test is not YamlMappingNode { Children: [var (name, set)] })
            return $"{test}";

        string[] words =
        [
            $"{name}", .. new[] { ("arguments", "to"), ("arguments", "field"), ("config", "where") }
                .Where(p => set is YamlMappingNode m && m.Children.ContainsKey(p.Item1)).Select(p => $"{set[p.Item1][p.Item2]}"),
        ];
        return string.Join(' ', words);
    }
}
