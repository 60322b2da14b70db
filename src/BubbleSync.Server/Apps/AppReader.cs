using System.Collections;
using System.Text.RegularExpressions;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Server.Apps;

/// <summary>
/// Reads the settings of the server and of its apps: one app for each file <c>apps/NAME.json</c> beside the settings file, or, where there is none, the
/// settings file itself as one app.
/// </summary>
internal static partial class AppReader
{
    /// <summary>The name of the only app where the settings file is that app.</summary>
    public const string Default = "default";

    private const string Rule = "a name has small letters, digits and '-', at most 40 of them, and begins with a letter or a digit";

    /// <summary>Reads and checks everything.</summary>
    /// <param name="config">The settings file, or null for the usual places.</param>
    /// <param name="environment">Environment variables.</param>
    /// <exception cref="SyncException">Every fault of all files.</exception>
    public static (ServerSettings Server, IReadOnlyList<AppSettings> Apps) Read(string? config, IDictionary environment)
    {
        var main = SettingsFile.Read(config, new Dictionary<string, string>(), environment);
        var folder = Path.Combine(Path.GetDirectoryName(SettingsFile.Find(config, environment)) ?? SettingsFile.ShippedFolder, "apps");
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json") : [];
        if (files.Length == 0)
            return (main.Server, [new AppSettings(Default, main)]);

        var faults = new List<SyncError>();
        List<AppSettings> apps = [.. files.Order(StringComparer.Ordinal).Select(file => App(file, main.Server, environment, faults)).OfType<AppSettings>()];
        return faults.Count == 0 ? (main.Server, apps) : throw new SyncException(faults);
    }

    private static AppSettings? App(string file, ServerSettings server, IDictionary environment, List<SyncError> faults)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        if (!Name().IsMatch(name))
            return Refuse(file, $"'{name}' cannot be the name of an app: {Rule}. Rename the file.");

        try
        {
            var settings = SettingsFile.Read(file, new Dictionary<string, string>(), Own(name, environment));
            if (settings.Server.AccessKey is not null)
                return Refuse(file, "Server:AccessKey belongs to the whole server. Set BUBBLESYNC_Server__AccessKey instead.");

            return new AppSettings(name, settings with
            {
                Server = settings.Server with
                {
                    Webhook = settings.Server.Webhook ?? server.Webhook,
                    WebhookKey = settings.Server.WebhookKey ?? server.WebhookKey,
                    FreshnessMinutes = settings.Server.FreshnessMinutes > 0 ? settings.Server.FreshnessMinutes : server.FreshnessMinutes,
                },
            });
        }
        catch (SyncException wrong)
        {
            faults.AddRange(wrong.Errors);
            return null;
        }

        AppSettings? Refuse(string place, string why)
        {
            faults.Add(new SyncError(SyncStage.Settings, null, null, place, ErrorCode.Settings, $"{place}: {why}"));
            return null;
        }
    }

    // Only the variables of this app: those of the whole program would make all apps the same one.
    private static Dictionary<string, string?> Own(string name, IDictionary environment)
    {
        var start = $"{SettingsFile.AppPrefix}{name.Replace('-', '_')}__";
        return environment.Keys.OfType<string>().Where(variable => variable.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            .ToDictionary(variable => SettingsFile.Prefix + variable[start.Length..], variable => environment[variable] as string);
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,39}$")]
    private static partial Regex Name();
}
