using System.Collections;
using BubbleSync.Etl.Settings.Reading;
using BubbleSync.Etl.Words;
using Microsoft.Extensions.Configuration;

namespace BubbleSync.Etl.Settings;

/// <summary>Finds and reads the settings: options over environment over user secrets over the file over the defaults.</summary>
public static class SettingsFile
{
    /// <summary>The start of every environment variable that overrides a setting: <c>BUBBLESYNC_Section__Name</c>.</summary>
    public const string Prefix = "BUBBLESYNC_";

    /// <summary>
    /// The start of every environment variable that overrides a setting of one app of a server: <c>BUBBLESYNC_Apps__NAME__Section__Name</c>. Only the server
    /// reads them.
    /// </summary>
    public const string AppPrefix = Prefix + "Apps__";

    /// <summary>The folder <c>config</c> beside the program, which comes with the package and is replaced by the next one.</summary>
    public static string ShippedFolder { get; } = Path.Combine(AppContext.BaseDirectory, "config");

    private static readonly string[] Sections =
    [
        nameof(SyncSettings.Bubble), nameof(SyncSettings.Postgres), nameof(SyncSettings.Run), nameof(SyncSettings.Notify), nameof(SyncSettings.Privacy),
        nameof(SyncSettings.Prices), nameof(SyncSettings.Server),
    ];

    /// <summary>
    /// Reads and checks the settings of this process: environment variables over user secrets over the file. The file is the one that
    /// <c>BUBBLESYNC_CONFIG</c> names, or <c>config/bubblesync.json</c> in the current folder, or the one beside the program, which comes with the package.
    /// </summary>
    /// <exception cref="SyncException">Every fault found, each with its place and a hint.</exception>
    public static SyncSettings Read() => Read(null, new Dictionary<string, string>(), Environment.GetEnvironmentVariables());

    /// <summary>Reads and checks the settings in a section of a host's configuration; nothing else is read.</summary>
    /// <param name="section">The section, which has the names of the settings file: <c>Bubble</c>, <c>Postgres</c>, <c>Run</c> and so on.</param>
    /// <returns>The settings; folders are relative to the folder <c>config</c> beside the program, which comes with the package.</returns>
    /// <exception cref="SyncException">Every fault found, each with its place and a hint.</exception>
    public static SyncSettings Read(IConfiguration section)
    {
        var source = new SettingsSource();
        foreach (var (name, value) in section.AsEnumerable(makePathsRelative: true).Where(pair => pair.Value is not null))
            source.Set(name, value, "the configuration of the host");
        return SettingsReader.Read(source, ShippedFolder);
    }

    /// <summary>Reads and checks everything.</summary>
    /// <param name="path">What <c>--config</c> says, or null to look in the usual places.</param>
    /// <param name="options">Values by name (<c>Section:Name</c>) that win over all others.</param>
    /// <param name="environment">Environment variables.</param>
    /// <param name="origins">
    /// How messages name the options, by the setting, and variables from elsewhere than the environment, by the variable; null to call them after it.
    /// </param>
    /// <returns>The settings, with folders made absolute.</returns>
    /// <exception cref="SyncException">Every fault found, each with its place and a hint.</exception>
    public static SyncSettings Read(
        string? path, IReadOnlyDictionary<string, string> options, IDictionary environment, IReadOnlyDictionary<string, string>? origins = null)
    {
        var file = Find(path, environment);
        var source = new SettingsSource();
        if (file is not null)
            source.AddFile(file);
        if (UserSecrets(environment) is { } secrets && File.Exists(secrets))
            source.AddFile(secrets);

        foreach (var variable in environment.Keys.OfType<string>().Where(IsSetting))
        {
            var name = variable[Prefix.Length..];
            if (name.Contains("__", StringComparison.Ordinal))
                source.Set(name.Replace("__", ":", StringComparison.Ordinal), environment[variable] as string, OriginOf(variable));
            else if (Sections.Any(s => name.StartsWith($"{s}_", StringComparison.OrdinalIgnoreCase)))
                source.Set(name, environment[variable] as string, $"{OriginOf(variable)} (section and name are parted by two underscores)");
        }

        string OriginOf(string variable) => origins?.GetValueOrDefault(variable) ?? $"environment variable {variable}";

        foreach (var (name, value) in options)
            source.Set(name, value, origins?.GetValueOrDefault(name) ?? $"option for {name}");

        return SettingsReader.Read(source, Path.GetDirectoryName(file) ?? ShippedFolder);
    }

    /// <summary>Returns the path of the settings file in use; null where there is none.</summary>
    /// <param name="path">What <c>--config</c> says, or null to look in the usual places.</param>
    /// <param name="environment">Environment variables.</param>
    /// <exception cref="SyncException">The file that is named does not exist: a usage error.</exception>
    public static string? Find(string? path, IDictionary environment)
    {
        var named = path ?? environment["BUBBLESYNC_CONFIG"] as string;
        if (!string.IsNullOrWhiteSpace(named))
        {
            var full = Path.GetFullPath(named);
            return File.Exists(full)
                ? full
                : throw new SyncException(new SyncError(SyncStage.Settings, null, null, "--config", ErrorCode.Settings, $"There is no settings file '{full}'. "
                    + "Fix its path, which an option of the command or BUBBLESYNC_CONFIG gives."));
        }

        string[] usual = [Path.GetFullPath(Path.Combine("config", "bubblesync.json")), Path.Combine(ShippedFolder, "bubblesync.json")];
        return usual.FirstOrDefault(File.Exists);
    }

    // Those of one app of a server are for that app alone.
    private static bool IsSetting(string variable) =>
        variable.StartsWith(Prefix, StringComparison.Ordinal) && !variable.StartsWith(AppPrefix, StringComparison.Ordinal);

    // The place where `dotnet user-secrets` keeps them: learn.microsoft.com/aspnet/core/security/app-secrets.
    private static string? UserSecrets(IDictionary environment)
    {
        var root = environment["APPDATA"] as string is { Length: > 0 } windows
            ? Path.Combine(windows, "Microsoft", "UserSecrets")
            : environment["HOME"] is string { Length: > 0 } home ? Path.Combine(home, ".microsoft", "usersecrets") : null;
        return root is null ? null : Path.Combine(root, "bubblesync-etl", "secrets.json");
    }
}
