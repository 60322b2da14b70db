using System.Globalization;
using System.Text.RegularExpressions;
using static System.FormattableString;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>A folder with the programs of one PostgreSQL version that we can use.</summary>
internal sealed partial record ServerBinaries(string Folder, int Major)
{
    internal const int OldestMajor = 15;
    internal const int NewestMajor = 18;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    internal string Initdb => Program(Folder, "initdb");

    internal string Postgres => Program(Folder, "postgres");

    internal string Control => Program(Folder, "pg_ctl");

    /// <summary>Returns the binaries of a folder, or null and why it cannot be used.</summary>
    internal static async Task<(ServerBinaries? Binaries, string Reason)> ProbeAsync(
        string folder, Account account, CancellationToken cancellationToken)
    {
        foreach (var name in new[] { "initdb", "pg_ctl", "postgres" })
        {
            if (!File.Exists(Program(folder, name)))
                return (null, $"{folder} has no {name}");
        }

        var answer = await account.RunAsync([Program(folder, "postgres"), "--version"], Limit, cancellationToken, "/");
        if (!answer.Succeeded || VersionInWords().Match(answer.Output) is not { Success: true } match)
            return (null, $"{folder}/postgres does not run here: {answer.Output}");

        var major = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return major is >= OldestMajor and <= NewestMajor
            ? (new(folder, major), "")
            : (null, Invariant($"{folder} is PostgreSQL {major}, not {OldestMajor} to {NewestMajor}"));
    }

    private static string Program(string folder, string name) =>
        Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name);

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex VersionInWords();
}
