using System.CommandLine;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli;

/// <summary>
/// The folder for what the program keeps: the embedded databases, the demo's results. It does not depend on where the user stands: a mirror that is filled in
/// one folder is found in another.
/// </summary>
internal static class HomeFolder
{
    private const string Variable = "BUBBLESYNC_HOME";
    private const string Name = ".bubblesync";

    /// <summary>
    /// Returns <c>BUBBLESYNC_HOME</c>, else <c>.bubblesync</c> beside the settings file in use. The file that comes with the program is replaced, with its
    /// folder, by the next version: then it lies in the user's home folder.
    /// </summary>
    public static string Of(ParseResult parsed)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } home)
            return Path.GetFullPath(home);

        var folder = Path.GetDirectoryName(SettingsFile.Find(parsed.GetValue(CommonOptions.Config), Environment.GetEnvironmentVariables()));
        return Path.Combine(folder is null || folder == Path.GetFullPath(SettingsFile.ShippedFolder) ? UserFolder() : folder, Name);
    }

    /// <summary>Returns the folder that earlier versions used here, if it has a database and is another one now; else null.</summary>
    public static string? Earlier(string current)
    {
        var earlier = Path.GetFullPath(Name);
        return Environment.GetEnvironmentVariable(Variable) is null or "" && earlier != current && File.Exists(Path.Combine(earlier, "postgres", "password"))
            ? earlier
            : null;
    }

    /// <summary>Creates it; what is in it is in no version control.</summary>
    public static void Create(string home)
    {
        Directory.CreateDirectory(home);
        var ignore = Path.Combine(home, ".gitignore");
        if (!File.Exists(ignore))
            File.WriteAllText(ignore, "*\n");
    }

    // A service may have no home folder.
    private static string UserFolder() =>
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home ? home : AppContext.BaseDirectory;
}
