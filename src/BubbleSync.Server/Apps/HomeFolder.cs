using BubbleSync.Etl.Settings;

namespace BubbleSync.Server.Apps;

/// <summary>The folder of what the server keeps: the embedded databases.</summary>
internal static class HomeFolder
{
    /// <summary>
    /// Returns <c>BUBBLESYNC_HOME</c>, else <c>.bubblesync</c> beside the settings file. The file that comes with the program is replaced by the next version:
    /// then the folder lies in the user's home folder.
    /// </summary>
    public static string Of(string? config)
    {
        if (Environment.GetEnvironmentVariable("BUBBLESYNC_HOME") is { Length: > 0 } home)
            return Path.GetFullPath(home);

        var folder = Path.GetDirectoryName(SettingsFile.Find(config, Environment.GetEnvironmentVariables()));
        var user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } own ? own : AppContext.BaseDirectory;
        return Path.Combine(folder is null || folder == Path.GetFullPath(SettingsFile.ShippedFolder) ? user : folder, ".bubblesync");
    }

    /// <summary>Creates it; what is in it is in no version control.</summary>
    public static void Create(string home)
    {
        Directory.CreateDirectory(home);
        var ignore = Path.Combine(home, ".gitignore");
        if (!File.Exists(ignore))
            File.WriteAllText(ignore, "*\n");
    }
}
