using System.Buffers;
using System.Data.Common;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Postgres.Failures;
using static System.FormattableString;

namespace BubbleSync.Etl.Postgres.Addresses;

/// <summary>Splits a connection string into words and values, in each of its three forms: address, libpq's pairs, Npgsql's pairs.</summary>
internal static partial class ConnectionText
{
    private const string Escape = "In an address, write / ? # @ : in user and password as %2F %3F %23 %40 %3A";

    private static readonly SearchValues<char> Strange = SearchValues.Create(";,/ \t\r\n");

    /// <summary>Returns the pairs in their order.</summary>
    public static IReadOnlyList<ConnectionPair> Split(string text)
    {
        RefuseSurroundings(text);
        // A password may also contain "://": only the beginning decides.
        if (Scheme().IsMatch(text))
            return FromAddress(text.Trim());
        return LibpqPairs().IsMatch(text) ? FromLibpqPairs(text) : FromNpgsqlPairs(text);
    }

    // Texts that people copy together with the address. Each has its own message, so that nobody searches for the error in the password.
    private static void RefuseSurroundings(string text)
    {
        if (text.TrimStart()[0] is '"' or '\'' or '`' or '\u201C' or '\u201E' or '\u2018' or '\u00AB')
            throw ConnectionFault.Of("it begins with a quotation mark. Remove the quotation marks around it");
        if (Psql().IsMatch(text))
        {
            throw ConnectionFault.Of("it is a command line of psql. Keep the address or the pairs behind psql, without quotation marks; "
                + "write its options -h, -p, -U, -d as host=… port=… user=… dbname=…");
        }

        if (Assignment().Match(text) is { Success: true } assignment && !ConnectionWord.IsKnown(assignment.Groups[1].Value))
            throw ConnectionFault.Of("the name of a variable and '=' stand before the address. Keep what follows them, without quotation marks");
        if (text.TrimStart().StartsWith("jdbc:", StringComparison.OrdinalIgnoreCase))
            throw ConnectionFault.Of("it begins with jdbc:, which is the form for Java. Remove jdbc:, and write postgresql://user:password@host:5432/database");
        if (Driver().IsMatch(text))
            throw ConnectionFault.Of("a driver of another language stands behind '+' before ://. Write postgresql:// there");
    }

    private static List<ConnectionPair> FromAddress(string text)
    {
        // Where a password is not escaped, a part of it would be taken for a host, a port or a database, and be shown in messages.
        var rest = text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..];
        var authority = rest.Split('/', '?', '#')[0];
        if (text.Contains('#', StringComparison.Ordinal) || text.Count(letter => letter == '@') > 1 || text.Contains('@') != authority.Contains('@'))
            throw ConnectionFault.Of($"'#', or '@' beyond the one before the host. {Escape}");
        if (!text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) && !text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase))
            throw ConnectionFault.Of("its address begins with something other than postgres:// or postgresql://");

        var (user, password) = authority.Contains('@') ? Halves(authority[..authority.IndexOf('@', StringComparison.Ordinal)], ':') : ("", "");
        if (Placeholder().IsMatch(Decoded(password)))
            throw ConnectionFault.Of("its password is a placeholder. Write the user's password in its place; the hoster shows it once, or sets a new one");
        var hosts = authority[(authority.IndexOf('@', StringComparison.Ordinal) + 1)..].Split(',').Select(host => HostAndPort().Match(host)).ToList();
        if (hosts.Exists(host => !host.Success))
            throw ConnectionFault.Of($"what stands between '@' and the next '/' is not host:port. {Escape}");

        var (path, query) = Halves(rest[authority.Length..], '?');
        CheckPath(path);
        var ports = hosts.Select(host => host.Groups["port"].Value).ToList();
        List<ConnectionPair> parts =
        [
            new("user", Decoded(user), "the user"), new("password", Decoded(password), "the password") { IsEscaped = true },
            new("host", string.Join(',', hosts.Select(host => Decoded(host.Groups["host"].Value))), "the host"),
            new("port", ports.TrueForAll(port => port.Length == 0) ? "" : string.Join(',', ports), "the port"),
            new("dbname", Decoded(path.TrimStart('/')), "the database"),
        ];
        var options = query.Split('&', StringSplitOptions.RemoveEmptyEntries);
        foreach (var (index, option) in options.Index())
        {
            var (name, value) = Halves(option, '=');
            parts.Add(new(Decoded(name), Decoded(value), Invariant($"option {index + 1} of {options.Length}")));
        }

        return parts;
    }

    // What is pasted together with an address would be taken for the end of the database's name.
    private static void CheckPath(string path)
    {
        if (OptionInPath().IsMatch(path))
            throw ConnectionFault.Of("its options begin with '&'. Write '?' before the first of them, and '&' before each further one");
        if (path.TrimStart('/').AsSpan().ContainsAny(Strange))
        {
            throw ConnectionFault.Of(
                "the name of the database has a ';', a ',', a '/' or a space, as where more than the address was copied. Remove what does not "
                + "belong to the name");
        }
    }

    // Quotes and backslashes as in libpq's conninfo strings.
    private static List<ConnectionPair> FromLibpqPairs(string text)
    {
        var pairs = LibpqPair().Matches(text);
        if (pairs.Sum(pair => pair.Length) != text.Length)
        {
            throw ConnectionFault.OfForm(
                Invariant($"keyword {pairs.Count + 1} is not word=value. Put single quotes around a value that has spaces, and \\ before each ' and \\ in it"));
        }

        return [.. pairs.Select((pair, index) => FromLibpqPair(pair, Invariant($"keyword {index + 1} of {pairs.Count}")))];
    }

    private static ConnectionPair FromLibpqPair(Match pair, string place)
    {
        var (name, plain) = (pair.Groups["name"].Value, pair.Groups["plain"].Value);
        // libpq takes what follows the blank as the value, which then swallows the next pair.
        if (pair.Groups["blank"].Length > 0 && ConnectionWord.StartsWithPair(plain))
            throw ConnectionFault.Of($"{place} has no value. Remove it, or write '' as its value");
        if (SemicolonPair().Match(plain) is { Success: true } next && ConnectionWord.IsKnown(next.Groups[1].Value))
            throw ConnectionFault.Of($"the value of {place} holds ';' and another keyword. Put single quotes around it, or ';' between all pairs");
        return new(name, Backslash().Replace(plain + pair.Groups["quoted"].Value, "$1"), place);
    }

    private static List<ConnectionPair> FromNpgsqlPairs(string text)
    {
        var pairs = new DbConnectionStringBuilder();
        try
        {
            pairs.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            throw ConnectionFault.OfForm("it is neither an address nor pairs of word and value");
        }

        var names = pairs.Keys.Cast<string>();
        return [.. names.Select((name, index) => new ConnectionPair(name, (string)pairs[name], Invariant($"keyword {index + 1} of {pairs.Count}")))];
    }

    private static (string Before, string After) Halves(string text, char separator) =>
        text.IndexOf(separator, StringComparison.Ordinal) is >= 0 and var place ? (text[..place], text[(place + 1)..]) : (text, "");

    private static string Decoded(string text) => Uri.UnescapeDataString(text);

    [GeneratedRegex(@"^\s*[A-Za-z][A-Za-z0-9+.-]*://")]
    private static partial Regex Scheme();

    [GeneratedRegex(@"^\s*postgres(ql)?\+[\w-]+://", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Driver();

    [GeneratedRegex(@"^\s*(\$\s+)?([A-Za-z_]\w*=\S*\s+)*psql(\.exe)?(\s|$)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Psql();

    [GeneratedRegex(
        @"^\s*(?:export\s+|set\s+|\$env:)?([A-Za-z_]\w*)\s*=\s*[""'`]?(?:jdbc:)?postgres(?:ql)?(?:\+[\w-]+)?://",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Assignment();

    // The placeholders of hosters, and variables that a shell or a file did not replace.
    [GeneratedRegex(@"^(\[.*PASSWORD.*\]|<.*PASSWORD.*>|YOUR[-_]?PASSWORD|\$\{\w+\}|\$[A-Z_]+)\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"&\w+=", RegexOptions.CultureInvariant)]
    private static partial Regex OptionInPath();

    [GeneratedRegex(@"^(?<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(:(?<port>\d{0,5}))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex HostAndPort();

    // Npgsql's pairs have ';' between them. The first value decides, because a later one may be a password with any letters.
    [GeneratedRegex(@"^\s*[A-Za-z_]\w*\s*=\s*('([^'\\]|\\.)*'|[^\s;']*)\s+[A-Za-z_]\w*\s*=", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex LibpqPairs();

    [GeneratedRegex(
        @"\G\s*(?<name>[^\s=]+)\s*=(?<blank>\s*)('(?<quoted>([^'\\]|\\.)*)'|(?<plain>([^\s'\\]|\\.)([^\s\\]|\\.)*|))(\s+|\z)",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex LibpqPair();

    [GeneratedRegex(@";\s*([A-Za-z][\w ]*?)\s*=", RegexOptions.CultureInvariant)]
    private static partial Regex SemicolonPair();

    [GeneratedRegex(@"\\(.)", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Backslash();
}
