using System.CommandLine;
using System.CommandLine.Parsing;

namespace BubbleSync.Cli;

/// <summary>The options that every verb takes.</summary>
internal static class CommonOptions
{
    /// <summary>The settings file.</summary>
    public static readonly Option<string?> Config = new("--config")
    {
        Description = "Settings file (default: BUBBLESYNC_CONFIG, ./config/bubblesync.json or the program's own)",
        HelpName = "FILE"
    };

    /// <summary>A file of environment variables.</summary>
    public static readonly Option<string?> EnvFile = new("--env-file")
    {
        Description = "File of BUBBLESYNC_ variables, one KEY=VALUE a line; those of the environment win",
        HelpName = "FILE"
    };

    /// <summary>How results are printed.</summary>
    public static readonly Option<string> Output = ChoiceOption.Create("--output", "Print results as text or as one JSON document", "text", "text", "json");

    /// <summary>Whether stderr has errors and nothing else.</summary>
    public static readonly Option<bool> Quiet = new("--quiet") { Description = "Write only errors to stderr" };

    /// <summary>Whether errors show where in the program they occurred.</summary>
    public static readonly Option<bool> Verbose = new("--verbose") { Description = "After an error, print its type and stack trace" };

    /// <summary>Whether the engine's log goes to stderr, instead of the progress.</summary>
    public static readonly Option<string> Log = ChoiceOption.Create(
        "--log", "Write a log to stderr instead of progress; --verbose adds details", "none", "none", "text", "json");

    /// <summary>Settings that have an option of their own, with their names.</summary>
    public static readonly IReadOnlyDictionary<Option<string?>, string> Settings = new Dictionary<Option<string?>, string>
    {
        [Setting("--base-url", "URL", "Bubble:BaseUrl, up to and including /api/1.1")] = "Bubble:BaseUrl",
        [Setting("--connection", "TEXT", "Postgres:ConnectionString; safer in BUBBLESYNC_Postgres__ConnectionString: other users "
            + "can see options")] = "Postgres:ConnectionString",
        [Setting("--schema", "NAME", "Postgres:Schema")] = "Postgres:Schema",
        [Setting("--concurrency", "N", "Bubble:MaxConcurrency")] = "Bubble:MaxConcurrency",
        [Setting("--requests-per-minute", "N", "Bubble:RequestsPerMinute")] = "Bubble:RequestsPerMinute",
    };

    /// <summary>All of them.</summary>
    public static IEnumerable<Option> All => [Config, EnvFile, Output, Log, Quiet, Verbose, .. Settings.Keys];

    /// <summary>Whether JSON is asked for; known even where other words are wrong.</summary>
    public static bool IsJson(ParseResult parsed) => parsed.GetResult(Output) is { Tokens: [{ Value: "json" }] };

    /// <summary>Whether JSON is asked for, while the line is checked.</summary>
    public static bool IsJsonOf(CommandResult command) => command.GetResult(Output) is { Tokens: [{ Value: "json" }] };

    private static Option<string?> Setting(string name, string value, string description) =>
        new(name) { Description = $"Overrides the setting {description}", HelpName = value };
}
