using System.Globalization;
using System.Text.RegularExpressions;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>Finds the existing folders where systems put PostgreSQL's programs, newest version first.</summary>
internal static partial class UsualFolders
{
    // Parent, the pattern of one version's folder in it, and where its programs are.
    private static readonly (string Parent, string Pattern, string Bin)[] Places =
    [
        ("/usr/lib/postgresql", "*", "bin"),
        ("/usr", "pgsql-*", "bin"),
        ("/opt/homebrew/opt", "postgresql@*", "bin"),
        ("/usr/local/opt", "postgresql@*", "bin"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@*", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "*", "bin"),
        ("/Library/PostgreSQL", "*", "bin"),
        (Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL"), "*", "bin"),
    ];

    // Where a system has one version only: Fedora, RHEL's own, Alpine, a build from source.
    private static readonly string[] Single =
        ["/opt/homebrew/opt/postgresql/bin", "/usr/local/opt/postgresql/bin", "/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"];

    internal static IEnumerable<string> NewestFirst() =>
        Places
            .Where(place => Path.IsPathRooted(place.Parent) && Directory.Exists(place.Parent))
            .SelectMany(place => Directory.EnumerateDirectories(place.Parent, place.Pattern).Select(folder => Path.Combine(folder, place.Bin)))
            .OrderByDescending(VersionOf)
            .Concat(Single)
            .Where(folder => File.Exists(Path.Combine(folder, OperatingSystem.IsWindows() ? "initdb.exe" : "initdb")));

    private static int VersionOf(string bin) =>
        FirstNumber().Match(Path.GetFileName(Path.GetDirectoryName(bin)) ?? "") is { Success: true } match
            ? int.Parse(match.ValueSpan, CultureInfo.InvariantCulture)
            : 0;

    [GeneratedRegex(@"\d{1,4}")]
    private static partial Regex FirstNumber();
}
