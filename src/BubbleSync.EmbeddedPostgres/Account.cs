using System.Globalization;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>The account of PostgreSQL: ours, or an unprivileged one if we are root, which it refuses.</summary>
internal sealed class Account
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly string[] Preferred = ["postgres", "_postgres", "nobody"];

    private readonly string _owner;
    private readonly Func<IReadOnlyList<string>, IReadOnlyList<string>> _wrap;

    private Account(string name, string owner, Func<IReadOnlyList<string>, IReadOnlyList<string>> wrap)
    {
        Name = name;
        _owner = owner;
        _wrap = wrap;
    }

    internal string Name { get; }

    internal bool IsAnother => _owner.Length > 0;

    /// <summary>Finds the account that PostgreSQL runs as here.</summary>
    internal static async Task<Account> FindAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
            return new(Environment.UserName, "", words => words);

        foreach (var (name, user, group) in Candidates())
        {
            foreach (var wrap in Drops(name, user, group))
            {
                var answer = await Command.RunAsync(wrap(["id", "-u"]), Limit, cancellationToken, "/");
                if (answer.Succeeded && answer.Output == user)
                    return new(name, $"{user}:{group}", wrap);
            }
        }

        throw new EmbeddedPostgresException(
            "PostgreSQL does not run as root, and no unprivileged account could be taken with setpriv, runuser, su or sudo. "
            + "Start as a normal user, or add an account named 'postgres'.");
    }

    /// <summary>Returns the command that runs a command as this account.</summary>
    internal IReadOnlyList<string> Wrap(IReadOnlyList<string> words) => _wrap(words);

    internal Task<CommandResult> RunAsync(
        IReadOnlyList<string> words, TimeSpan limit, CancellationToken cancellationToken, string? folder = null) =>
        Command.RunAsync(Wrap(words), limit, cancellationToken, folder);

    internal async Task<bool> CanEnterAsync(string folder, CancellationToken cancellationToken)
    {
        var answer = await RunAsync(["/bin/sh", "-c", "cd \"$1\"", "sh", folder], Limit, cancellationToken, "/");
        return answer.Succeeded;
    }

    /// <summary>Makes this account the owner of a file or folder.</summary>
    internal async Task GiveAsync(string path, CancellationToken cancellationToken)
    {
        if (!IsAnother)
            return;

        var answer = await Command.RunAsync(["chown", "-R", _owner, path], Limit, cancellationToken, "/");
        if (!answer.Succeeded)
            throw new EmbeddedPostgresException($"{path} cannot be given to the account {Name}: {answer.Output}");
    }

    private static IEnumerable<(string Name, string User, string Group)> Candidates() =>
        File.ReadLines("/etc/passwd")
            .Select(line => line.Split(':'))
            .Where(fields => fields.Length >= 4 && !fields[0].StartsWith('#'))
            .Where(fields => long.TryParse(fields[2], CultureInfo.InvariantCulture, out var id) && id != 0)
            .OrderBy(fields => Array.IndexOf(Preferred, fields[0]) is >= 0 and var rank ? rank : Preferred.Length)
            .Take(Preferred.Length + 1)
            .Select(fields => (fields[0], fields[2], fields[3]));

    // The first two replace themselves by the program, so that our process is the server.
    private static IEnumerable<Func<IReadOnlyList<string>, IReadOnlyList<string>>> Drops(string name, string user, string group) =>
    [
        words => ["setpriv", "--reuid", user, "--regid", group, "--clear-groups", .. words],
        words => ["runuser", "-u", name, "--", .. words],
        words => ["su", "-s", "/bin/sh", name, "-c", "exec " + string.Join(' ', words.Select(Quote))],
        words => ["sudo", "-n", "-u", name, "--", .. words],
    ];

    private static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
