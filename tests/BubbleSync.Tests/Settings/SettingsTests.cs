using System.Collections;
using System.Globalization;
using System.Text.Json;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using Xunit;

namespace BubbleSync.Tests.Settings;

/// <summary>The settings: the records of the library, the shipped file, its schema and the reader say the same.</summary>
public sealed class SettingsTests : IDisposable
{
    private static readonly JsonElement Schema = ConfigFolder.Json("bubblesync.schema.json").GetProperty("properties");

    private const string TokenFile = "token.txt";

    private readonly ConfigFolder _folder = new();

    public SettingsTests() => _folder.Write(TokenFile, "seven");

    public static TheoryData<string> Numbers => [.. SettingNames.Defaults().Where(s => s.Value is int or decimal).Select(s => s.Name)];

    [Fact]
    public void The_shipped_file_has_every_setting_at_its_default() =>
        Assert.Equal(SettingNames.Defaults().Select(s => $"{s.Name} = {s.Value}"), Flat(ConfigFolder.Json("bubblesync.json"), value => value.ToString()));

    [Fact]
    public void Every_setting_of_the_shipped_file_has_a_comment()
    {
        var lines = File.ReadAllLines(Path.Combine(ConfigFolder.Shipped, "bubblesync.json"));

        var silent = lines.Zip(lines.Skip(1))
            .Where(pair => pair.Second.StartsWith("    \"", StringComparison.Ordinal) && !pair.First.StartsWith("    // ", StringComparison.Ordinal))
            .Select(pair => pair.Second);

        Assert.Equal(SettingNames.Defaults().Count(), lines.Count(l => l.StartsWith("    \"", StringComparison.Ordinal)));
        Assert.Empty(silent);
    }

    [Fact]
    public void The_schema_has_every_setting_with_its_default() =>
        Assert.Equal(
            SettingNames.Defaults().Select(s => $"{s.Name} = {s.Value}"),
            Schema.EnumerateObject().Where(s => s.Name is not ("$schema" or "Schedules"))
                .SelectMany(s => s.Value.GetProperty("properties").EnumerateObject().Select(p => $"{s.Name}:{p.Name} = {p.Value.GetProperty("default")}")));

    [Fact]
    public void The_shipped_file_points_editors_to_the_schema() =>
        Assert.Equal("bubblesync.schema.json", ConfigFolder.Json("bubblesync.json").GetProperty("$schema").GetString());

    [Fact]
    public void The_shipped_file_reads_as_the_defaults_with_folders_beside_it()
    {
        var settings = Read(Path.Combine(ConfigFolder.Shipped, "bubblesync.json"));

        Assert.Equal(
            SettingNames.Defaults()
                .Select(s => s is { Value: string folder } && s.Name.StartsWith("Run:", StringComparison.Ordinal)
                    ? Path.Combine(ConfigFolder.Shipped, folder)
                    : s.Value),
            SettingNames.Values(settings).Select(s => s.Value));
    }

    [Fact]
    public void Every_setting_can_be_given_in_the_file()
    {
        var file = _folder.Write(
            "settings.json", JsonSerializer.Serialize(
                Others().GroupBy(o => o.Name.Split(':')[0]).ToDictionary(s => s.Key, s => s.ToDictionary(o => o.Name.Split(':')[1], o => o.Text))));

        var settings = Read(file);

        Assert.Equal(Others()
            .Select(o => Expected(o.Name, o.Text)), Given(settings));
    }

    [Fact]
    public void Every_setting_can_be_given_by_the_environment_over_the_file()
    {
        var file = _folder.Write("settings.json", """{ "Bubble": { "PageSize": 9, "WindowSize": 9 }, "Run": { "Entities": "nine" } }""");

        var settings = Read(file, [.. Others().Select(o => ($"BUBBLESYNC_{o.Name.Replace(":", "__", StringComparison.Ordinal)}", o.Text))]);

        Assert.Equal(Others()
            .Select(o => Expected(o.Name, o.Text)), Given(settings));
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_number_has_the_bounds_of_the_schema(string name)
    {
        var schema = Schema.GetProperty(name.Split(':')[0]).GetProperty("properties").GetProperty(name.Split(':')[1]);
        long least = schema.GetProperty("minimum").GetInt32(), most = schema.TryGetProperty("maximum", out var maximum) ? maximum.GetInt32() : int.MaxValue;

        var refused = new[] { least - 1, least, most, most + 1 }.Where(number => IsRefused(name, number));

        Assert.Equal([least - 1, most + 1], refused);
    }

    [Fact]
    public void All_faults_come_at_once_each_with_its_origin_and_a_hint()
    {
        var file = _folder.Write("settings.json", """
            // Everything wrong that can be.
            { "Bubble": { "PageSiz": 10, "PageSize": 101, "BaseUrl": "app.example.com", "WindowSize": 60000, }, "Postgress": { "Schema": "public" } }
            """);

        var refused = Assert.Throws<SyncException>(() => Read(file, ("BUBBLESYNC_Bubble__MaxConcurrency", "many")));

        Assert.True(refused.IsUsage);
        Assert.Equal(
            [
                "Bubble:BaseUrl (from FILE): an http(s) address up to and including /api/1.1 is expected, such as "
                    + "https://app.example.com/version-test/api/1.1.",
                "Bubble:MaxConcurrency (from environment variable BUBBLESYNC_Bubble__MaxConcurrency): a whole number from 1 to 256 is expected.",
                "Bubble:PageSize (from FILE): a whole number from 1 to 100 is expected.",
                "Bubble:WindowSize (from FILE): 60000 is more than Bubble:OffsetCeiling, 50000: Bubble answers no row beyond that offset.",
                "FILE: there is no setting 'Bubble:PageSiz'. Did you mean 'Bubble:PageSize'?",
                "FILE: there is no setting 'Postgress:Schema'. Did you mean 'Postgres:Schema'?",
            ],
            refused.Errors.Select(e => e.Message.Replace(file, "FILE", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("64 MB", 64 * 1024 * 1024)]
    [InlineData("512kb", 512 * 1024)]
    [InlineData("2GB", 2L * 1024 * 1024 * 1024)]
    public void A_size_may_have_a_unit(string text, long bytes) =>
        Assert.Equal(bytes, Read(_folder.Write("settings.json", "{}"), ("BUBBLESYNC_Bubble__MaxBytesInFlight", text)).Bubble.MaxBytesInFlight);

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("MB")]
    [InlineData("1.5 GB")]
    [InlineData("1025 GB")]
    [InlineData("9223372036854775807 KB")]
    public void A_size_that_is_none_is_refused(string text)
    {
        var refused = Assert.Throws<SyncException>(() => Read(_folder.Write("settings.json", "{}"), ("BUBBLESYNC_Bubble__MaxBytesInFlight", text)));

        Assert.Contains("a size from 1 byte to 1024 GB is expected", Assert.Single(refused.Errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bubblesync", "name another one")]
    [InlineData("bubblesync_staging", "name another one")]
    [InlineData("pg_toast", "PostgreSQL's own")]
    [InlineData("ä1234567890123456789012345678901234567890123456789012345678901x", "at most 63 bytes")]
    public void A_schema_that_cannot_be_the_target_is_refused(string schema, string told)
    {
        var refused = Assert.Throws<SyncException>(() => Read(_folder.Write("settings.json", "{}"), ("BUBBLESYNC_Postgres__Schema", schema)));

        Assert.Contains(told, Assert.Single(refused.Errors, e => e.Field == "Postgres:Schema").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_JSON_is_named_with_its_line()
    {
        var file = _folder.Write("settings.json", "{\n  \"Bubble\": {\n    \"PageSize\" 10\n");

        var refused = Assert.Throws<SyncException>(() => Read(file));

        Assert.StartsWith($"{file}: not valid JSON at line 3: ", Assert.Single(refused.Errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "settings are one JSON object, such as { \"Bubble\": { \"PageSize\": 100 } }.")]
    [InlineData(" ", "it is empty, where a JSON object is expected")]
    [InlineData("{ \"Run\": { \"KeepDays\": 1, \"KeepDays\": 2 } }", "the name 'KeepDays' is there twice in one object")]
    [InlineData("{\n \"Run\": {", "not valid JSON at line 2: Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array "
        + "that should be closed.")]
    public void A_file_that_holds_no_settings_is_told_in_plain_words(string text, string told)
    {
        var file = _folder.Write("settings.json", text);

        var refused = Assert.Throws<SyncException>(() => Read(file));

        Assert.Equal($"{file}: {told}", Assert.Single(refused.Errors).Message);
    }

    [Fact]
    public void A_number_is_no_text()
    {
        var refused = Assert.Throws<SyncException>(() => Read(_folder.Write("settings.json", """{ "Postgres": { "Schema": 7 } }""")));

        Assert.EndsWith("a text in quotes is expected.", Assert.Single(refused.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_option_is_named_as_it_is_written()
    {
        var refused = Assert.Throws<SyncException>(() => SettingsFile.Read(
            _folder.Write("settings.json", "{}"), new Dictionary<string, string> { ["Bubble:MaxConcurrency"] = "0" }, new Hashtable(), new Dictionary<string,
            string>
            { ["Bubble:MaxConcurrency"] = "--concurrency" }));

        Assert.StartsWith("Bubble:MaxConcurrency (from --concurrency): ", Assert.Single(refused.Errors).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static SyncSettings Read(string file, params (string Name, string Value)[] environment) =>
        SettingsFile.Read(file, new Dictionary<string, string>(), new Hashtable(environment.ToDictionary(e => e.Name, e => e.Value)));

    private bool IsRefused(string name, long number)
    {
        // A window is never wider than the ceiling; these leave each other room.
        Dictionary<string, string> values =
            new() { ["Bubble:WindowSize"] = "1", ["Bubble:OffsetCeiling"] = $"{int.MaxValue}", [name] = number.ToString(CultureInfo.InvariantCulture) };
        try
        {
            SettingsFile.Read(_folder.Write("settings.json", "{}"), values, new Hashtable());
            return false;
        }
        catch (SyncException refused)
        {
            return refused.Errors.Single().Field == name;
        }
    }

    private static IEnumerable<string?> Given(SyncSettings settings) =>
        SettingNames.Values(settings).Where(s => s.Name != "Bubble:ApiToken").Select(s => Convert.ToString(s.Value, CultureInfo.InvariantCulture));

    // A value for every setting that is not its default.
    private static List<(string Name, string Text)> Others() =>
        [
            // A token and its file at once are an error.
            .. SettingNames.Defaults().Where(s => s.Name != "Bubble:ApiToken").Select(s =>
                (s.Name, s.Name == "Bubble:ApiTokenFile" ? TokenFile : s.Name.EndsWith("Url", StringComparison.Ordinal) || s.Name == "Server:Webhook"
                    ? "https://seven.example.com/api/1.1/"
                    : s.Value switch { int or long or decimal => "7", bool => "True", _ => "seven" })),
        ];

    private string Expected(string name, string text) =>
        name == "Bubble:ApiTokenFile" || (name.StartsWith("Run:", StringComparison.Ordinal) && text != "7") ? Path.Combine(_folder.Place, text) : text;

    private static IEnumerable<string> Flat(JsonElement json, Func<JsonElement, string> word) =>
        json.EnumerateObject().Where(s => s.Value.ValueKind == JsonValueKind.Object)
            .SelectMany(s => s.Value.EnumerateObject().Select(p => $"{s.Name}:{p.Name} = {word(p.Value)}"));
}
