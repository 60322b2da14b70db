using BubbleSync.Cli.Notify;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli;

/// <content>The settings of the command, and the notices that they ask for.</content>
internal sealed partial class CommandContext
{
    private static SyncSettings? _lastSettings;
    private SyncSettings? _settings;
    private RunNotifier? _notifier;

    /// <summary>Reads the settings that the command line names.</summary>
    public SyncSettings ReadSettings()
    {
        var origins = CommonOptions.Settings.Concat(NotifyOptions.Settings).Select(s => KeyValuePair.Create(s.Value, s.Key.Name))
            .Concat(EnvironmentFile.Origins).ToDictionary();
        SyncSettings settings;
        try
        {
            settings = SettingsFile.Read(parsed.GetValue(CommonOptions.Config), Options(), Environment.GetEnvironmentVariables(), origins);
        }
        catch (SyncException) when (_lastSettings is not null)
        {
            // The settings may break while the program watches: that is reported where the last good ones say.
            Notify(_lastSettings);
            throw;
        }

        if (WritesMaps)
            OwnConfiguration.Require(settings.Run);
        _settings = settings;
        Notify(settings);
        return settings;
    }

    private void Notify(SyncSettings settings)
    {
        if (!Notifies)
            return;

        _lastSettings = settings;
        if ((settings.Notify.Url ?? settings.Notify.PingUrl) is not null)
            (_notifier = new RunNotifier(settings.Notify, Tell)).Start();
    }

    private Dictionary<string, string> Options() =>
        CommonOptions.Settings.Concat(NotifyOptions.Settings)
            .Where(s => parsed.GetResult(s.Key) is { Tokens.Count: > 0 })
            .ToDictionary(s => s.Value, s => parsed.GetValue(s.Key)!);
}
