using System.CommandLine;

namespace BubbleSync.Cli.Notify;

/// <summary>The options of commands that report outside how they ended.</summary>
internal static class NotifyOptions
{
    /// <summary>The options, with the settings that they override.</summary>
    public static readonly IReadOnlyDictionary<Option<string?>, string> Settings = new Dictionary<Option<string?>, string>
    {
        [Create("--notify", "Webhook that receives one POST of JSON at the end, as Slack and Teams take it; overrides the setting Notify:Url")] = "Notify:Url",
        [Create("--ping", "Check of a health check service: requests URL/start, then URL or URL/fail; overrides the setting Notify:PingUrl")]
            = "Notify:PingUrl",
    };

    /// <summary>Adds them to a command.</summary>
    public static Command AddTo(Command command)
    {
        foreach (var option in Settings.Keys)
            command.Options.Add(option);
        return command;
    }

    private static Option<string?> Create(string name, string description) => new(name) { Description = description, HelpName = "URL" };
}
