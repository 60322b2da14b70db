using BubbleSync.Etl;
using BubbleSync.Etl.Schema.Scaffold;
using Xunit;

namespace BubbleSync.Tests.Schema;

/// <summary>Lines are added to all maps or to none.</summary>
public sealed class MapEditorTests : IDisposable
{
    private const string Line = """{ "column": "size", "type": "numeric", "from": ["Size"] }""";

    private static readonly string[] Files = ["agent.json", "payment.json"];

    private readonly string _folder = Directory.CreateTempSubdirectory("bubblesync-test-").FullName;

    public MapEditorTests()
    {
        foreach (var file in Files)
            File.WriteAllText(Path.Combine(_folder, file), Map(Path.GetFileNameWithoutExtension(file)));
    }

    [Fact]
    public async Task All_files_get_their_lines()
    {
        await AddAsync(Line, Line);

        Assert.All(Files, file => Assert.Contains(Line, File.ReadAllText(Path.Combine(_folder, file)), StringComparison.Ordinal));
        Assert.Equal(Files.Length, Directory.GetFiles(_folder).Length);
    }

    [Theory]
    [InlineData("""{ "column": "size", "type": "numeric", "from": ["Size"], "colour": "red" }""")]
    [InlineData("""{ "column": "bubble_id", "type": "text", "from": ["Size"] }""")]
    [InlineData("""{ "column": "size", "type": """)]
    public async Task A_map_that_would_not_be_read_replaces_none(string line)
    {
        await Assert.ThrowsAsync<SyncException>(() => AddAsync(Line, line));

        AssertUnchanged();
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_leaves_all_as_they_were()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "payment.json.new"));

        var failure = await Assert.ThrowsAsync<SyncException>(() => AddAsync(Line, Line));

        Assert.Contains("payment.json' cannot be written", failure.Message, StringComparison.Ordinal);
        AssertUnchanged();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Map(string name) => $$"""
        {
          "name": "{{name}}",
          "bubbleType": "{{name}}",
          "table": "{{name}}",
          "key": "bubble_id",
          "level": 0,
          "fields": [
            { "column": "bubble_id", "type": "text", "from": ["_id"] }
          ]
        }
        """;

    private Task AddAsync(string first, string second) => MapEditor.AddAsync(
        _folder, new Dictionary<string, IReadOnlyList<string>> { [Files[0]] = [first], [Files[1]] = [second] }, CancellationToken.None);

    private void AssertUnchanged()
    {
        Assert.All(Files, file => Assert.Equal(Map(Path.GetFileNameWithoutExtension(file)), File.ReadAllText(Path.Combine(_folder, file))));
        Assert.Equal(Files.Length, Directory.GetFiles(_folder).Length);
    }
}
