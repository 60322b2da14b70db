using System.CommandLine;

namespace BubbleSync.Cli;

/// <summary>The options that every verb takes.</summary>
internal static class CommonOptions
{
    /// <summary>The settings file.</summary>
    public static readonly Option<string?> Config = new("--config") { Description = "Settings file (else BUBBLESYNC_CONFIG, else config/bubblesync.json here, else the one shipped)", HelpName = "FILE", Recursive = true };

    /// <summary>How results are printed.</summary>
    public static readonly Option<string> Output = Choice("--output", "Print results as text or as one JSON document", "text", "json");

    /// <summary>Settings that have an option of their own, with their names.</summary>
    public static readonly IReadOnlyDictionary<Option<string?>, string> Settings = new Dictionary<Option<string?>, string>
    {
        [Setting("--base-url", "URL", "Bubble:BaseUrl, up to and including /api/1.1")] = "Bubble:BaseUrl",
        [Setting("--connection", "TEXT", "Postgres:ConnectionString; better in BUBBLESYNC_Postgres__ConnectionString, for others can see options")] = "Postgres:ConnectionString",
        [Setting("--schema", "NAME", "Postgres:Schema")] = "Postgres:Schema",
        [Setting("--concurrency", "N", "Bubble:MaxConcurrency")] = "Bubble:MaxConcurrency",
        [Setting("--requests-per-minute", "N", "Bubble:RequestsPerMinute")] = "Bubble:RequestsPerMinute",
    };

    /// <summary>All of them.</summary>
    public static IEnumerable<Option> All => [Config, Output, .. Settings.Keys];

    /// <summary>Whether JSON is asked for; known even where other words are wrong.</summary>
    public static bool IsJson(ParseResult parsed) => parsed.GetResult(Output) is { Tokens: [{ Value: "json" }] };

    /// <summary>An option that takes one of some words; the first is the default.</summary>
    public static Option<string> Choice(string name, string description, params string[] choices)
    {
        var option = new Option<string>(name) { Description = $"{description} ({string.Join("|", choices)})", HelpName = string.Join("|", choices), DefaultValueFactory = _ => choices[0], Recursive = true };
        option.AcceptOnlyFromAmong(choices);
        return option;
    }

    private static Option<string?> Setting(string name, string value, string description) => new(name) { Description = $"Overrides the setting {description}", HelpName = value, Recursive = true };
}
