using BubbleSync.Etl.Postgres.Failures;
using static System.FormattableString;

namespace BubbleSync.Etl.Postgres.Addresses;

/// <summary>Reads libpq's connection service file (manual, "The Connection Service File").</summary>
internal static class ServiceFile
{
    /// <summary>Returns the pairs of a service, from the first file that has it.</summary>
    /// <param name="service">The service's name, which no message shows: it comes from the connection string.</param>
    /// <param name="file">The file that is named for it; null for the usual ones.</param>
    /// <param name="variable">Reads a variable of the environment.</param>
    public static IReadOnlyList<ConnectionPair> Read(string service, string? file, Func<string, string?> variable)
    {
        var files = file is null ? UsualFiles(variable).Where(File.Exists).ToList() : [file];
        return files.Select(path => Section(Lines(path), service)).FirstOrDefault(section => section is not null)
            ?? throw ConnectionFault.Of(
                "the service that it names is in no service file. Put a section of this name into ~/.pg_service.conf, or name the file in PGSERVICEFILE");
    }

    private static IEnumerable<string> UsualFiles(Func<string, string?> variable)
    {
        if (variable("HOME") is { Length: > 0 } home)
            yield return Path.Combine(home, ".pg_service.conf");
        if (variable("APPDATA") is { Length: > 0 } data)
            yield return Path.Combine(data, "postgresql", ".pg_service.conf");
        if (variable("PGSYSCONFDIR") is { Length: > 0 } system)
            yield return Path.Combine(system, "pg_service.conf");
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception unread) when (unread is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw ConnectionFault.Of("the service file cannot be read. Check servicefile or PGSERVICEFILE, and the rights of the file");
        }
    }

    private static List<ConnectionPair>? Section(string[] lines, string service)
    {
        List<ConnectionPair>? section = null;
        foreach (var (index, line) in lines.Select(line => line.Trim()).Index())
        {
            var place = Invariant($"line {index + 1} of the service file");
            if (line.StartsWith('['))
            {
                if (section is not null)
                    return section;
                if (line == $"[{service}]")
                    section = [];
            }
            else if (section is not null && line.Length > 0 && line[0] != '#')
            {
                section.Add(Pair(line, place));
            }
        }

        return section;
    }

    private static ConnectionPair Pair(string line, string place)
    {
        var parts = line.Split('=', 2);
        if (parts.Length < 2 || parts[0].StartsWith("ldap", StringComparison.OrdinalIgnoreCase))
            throw ConnectionFault.Of($"{place} is not word=value");
        if (ConnectionWord.Find(parts[0])?.Name is "service" or "servicefile")
            throw ConnectionFault.Of($"{place} names another service, which is not allowed there");
        return new(parts[0], parts[1], place);
    }
}
