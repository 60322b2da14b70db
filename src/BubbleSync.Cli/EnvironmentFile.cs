using System.CommandLine;
using System.Text;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Cli;

/// <summary>
/// A file of environment variables, one <c>KEY=VALUE</c> a line, as Docker and systemd read them. Only those of this program take effect, and only where the
/// environment does not have them. No message quotes a line: it may hold a secret.
/// </summary>
internal static class EnvironmentFile
{
    private const int MostBytes = 1024 * 1024;

    private static readonly Dictionary<string, string> Applied = [];

    /// <summary>Where each variable comes from that was taken from the file, by its name.</summary>
    public static IReadOnlyDictionary<string, string> Origins => Applied;

    /// <summary>Adds the variables of the file that a command line names to the environment of this process.</summary>
    /// <exception cref="SyncException">The file cannot be read, or a line of it is wrong: a usage error.</exception>
    public static void Apply(ParseResult parsed)
    {
        if (parsed.GetResult(CommonOptions.EnvFile) is not { Tokens: [{ Value: var path }] })
            return;

        foreach (var (name, value, line) in Parse(Read(path), path).Where(v => v.Name.StartsWith(SettingsFile.Prefix, StringComparison.Ordinal)))
        {
            var origin = Invariant($"line {line} of {path}");
            if (Applied.ContainsKey(name) || Environment.GetEnvironmentVariable(name) is null)
            {
                Environment.SetEnvironmentVariable(name, value);
                Applied[name] = origin;
            }
        }
    }

    /// <summary>Returns the variables of a file in their order; of one name twice the last counts.</summary>
    /// <param name="text">The content.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="SyncException">Every line that is wrong.</exception>
    public static IReadOnlyList<(string Name, string Value, int Line)> Parse(string text, string path)
    {
        var (found, faults) = (new List<(string, string, int)>(), new List<SyncError>());
        foreach (var (index, line) in text.ReplaceLineEndings("\n").Split('\n').Select(l => l.Trim()).Index())
        {
            if (line.Length == 0 || line[0] is '#' or ';')
                continue;

            // A file that shells read too has the word.
            var pair = line.StartsWith("export ", StringComparison.Ordinal) ? line["export ".Length..].TrimStart() : line;
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            var name = at < 0 ? "" : pair[..at].TrimEnd();
            var fault = !IsName(name) ? "KEY=VALUE is expected; a key has letters, digits and underscores." : null;
            var value = fault is null ? Unquoted(pair[(at + 1)..].TrimStart(), ref fault) : "";
            if (fault is null)
                found.Add((name, value, index + 1));
            else
                faults.Add(Fault(Invariant($"line {index + 1} of {path}: {fault}")));
        }

        return faults.Count == 0 ? found : throw new SyncException(faults);
    }

    private static bool IsName(string name) => name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    // Without quotation marks everything counts, also '#' and blanks within: a password may have them.
    private static string Unquoted(string value, ref string? fault)
    {
        if (value.Length == 0 || value[0] is not ('"' or '\''))
            return value;

        if (value.Length > 1 && value[^1] == value[0] && (value[0] == '\'' || IsClosed(value)))
            return value[0] == '\'' ? value[1..^1] : Unescaped(value[1..^1]);

        fault = $"the value begins with {value[0]} but does not end with it. Close the quotation marks, on the same line.";
        return "";
    }

    // The last quotation mark is none if an odd number of backslashes is before it.
    private static bool IsClosed(string value) => value[..^1].Reverse().TakeWhile(c => c == '\\').Count() % 2 == 0;

    // In double quotation marks, a backslash takes the meaning of these characters away, as in a shell and in systemd.
    private static string Unescaped(string text)
    {
        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is ('"' or '\\' or '$' or '`'))
                i++;
            plain.Append(text[i]);
        }

        return plain.ToString();
    }

    private static string Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MostBytes)
                throw new IOException("It is larger than 1 MB, so it is no file of variables.");
            return File.ReadAllText(path);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SyncException(Fault($"'{path}' cannot be read: {unreadable.Message}"), unreadable);
        }
    }

    private static SyncError Fault(string message) => new(SyncStage.Settings, null, null, "--env-file", ErrorCode.Settings, $"--env-file: {message}");
}
