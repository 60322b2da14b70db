namespace BubbleSync.Etl.Settings;

/// <summary>The options of the engine in a host program.</summary>
public sealed class BubbleSyncOptions
{
    /// <summary>All settings. Default: those that <see cref="SettingsFile.Read()"/> finds.</summary>
    public SyncSettings Settings
    {
        get => field ??= ReadSettings();
        set;
    }

    /// <summary>Reads the settings where none are set. Faults are found when it is called, which is when the host starts.</summary>
    internal Func<SyncSettings> ReadSettings { get; set; } = SettingsFile.Read;

    /// <summary>Sends the requests to Bubble. It must not follow redirects. The host disposes of it. Default: null, a handler that fits the settings.</summary>
    public HttpMessageHandler? HttpMessageHandler { get; set; }
}
