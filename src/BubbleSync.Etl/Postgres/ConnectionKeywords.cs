using System.Data.Common;
using System.Net;
using System.Text.RegularExpressions;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Postgres;

/// <summary>Reads a connection string in either of its two spellings. <see cref="ConnectionFault"/> reports what is wrong, and quotes nothing.</summary>
internal static partial class ConnectionKeywords
{
    private const string Escape = "Write / ? # @ : in user and password as %2F %3F %23 %40 %3A";

    /// <summary>Takes <c>Host=…;Username=…</c> or <c>postgresql://user:password@host:port/database?option=value</c>.</summary>
    public static NpgsqlConnectionStringBuilder Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw ConnectionFault.Of("it is not set");

        // A password may hold "://" too: only the beginning decides.
        var keywords = Scheme().IsMatch(text) ? FromAddress(text.Trim()) : FromPairs(text);
        CheckHost(keywords.Host);
        keywords.PersistSecurityInfo = false;
        return keywords;
    }

    /// <summary>Makes the source of connections; what Npgsql says against the keywords is not quoted.</summary>
    public static NpgsqlDataSource CreateSource(NpgsqlConnectionStringBuilder keywords)
    {
        try
        {
            return NpgsqlDataSource.Create(keywords);
        }
        catch (Exception refused) when (refused is ArgumentException or FormatException or InvalidOperationException or NotSupportedException)
        {
            throw ConnectionFault.Of("Npgsql does not take these keywords together");
        }
    }

    private static NpgsqlConnectionStringBuilder FromPairs(string text)
    {
        var pairs = new DbConnectionStringBuilder();
        try
        {
            pairs.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            throw ConnectionFault.Of("it is neither an address nor KEYWORD=VALUE pairs with ';' between them");
        }

        var keywords = new NpgsqlConnectionStringBuilder();
        foreach (var (index, name) in pairs.Keys.Cast<string>().Index())
            Set(keywords, name, (string)pairs[name], Invariant($"keyword {index + 1} of {pairs.Count}"));
        return keywords;
    }

    private static NpgsqlConnectionStringBuilder FromAddress(string text)
    {
        // Where a password is not escaped, a part of it would be taken for a host, a port or a database, and be shown in messages.
        var authority = text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..].Split('/', '?', '#')[0];
        if (text.Contains('#', StringComparison.Ordinal) || text.Count(letter => letter == '@') > 1 || text.Contains('@') != authority.Contains('@'))
            throw ConnectionFault.Of($"'#', or '@' beyond the one before the host. {Escape}");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address))
            throw ConnectionFault.Of($"it is not a valid address. {Escape}");
        if (address.Scheme is not ("postgres" or "postgresql"))
            throw ConnectionFault.Of("its address begins with something other than postgres:// or postgresql://");

        var user = address.UserInfo.Split(':', 2);
        var keywords = new NpgsqlConnectionStringBuilder { Host = address.Host, Database = Uri.UnescapeDataString(address.AbsolutePath.TrimStart('/')) };
        if (address.Port > 0)
            keywords.Port = address.Port;
        if (user[0].Length > 0)
            keywords.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length == 2)
            keywords.Password = Uri.UnescapeDataString(user[1]);

        var options = address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries);
        foreach (var (index, option) in options.Select(o => o.Split('=', 2)).Index())
            Set(keywords, Keyword(option[0]), Uri.UnescapeDataString(option.ElementAtOrDefault(1) ?? ""), Invariant($"option {index + 1} of {options.Length}"));
        return keywords;
    }

    // The name of a keyword is shown only where Npgsql knows it: another one may be the rest of a password that holds ';' or '&'.
    private static void Set(NpgsqlConnectionStringBuilder keywords, string name, string value, string place)
    {
        if (!keywords.ContainsKey(name))
            throw ConnectionFault.Of($"{place} has a name that Npgsql does not know");
        if (!Secret().IsMatch(name) && Inner().Match(value) is { Success: true } inner)
            throw ConnectionFault.Of($"the value of {name} holds another keyword, '{inner.Groups[1].Value.ToLowerInvariant()}='. Put ';' between the pairs");

        try
        {
            keywords[name] = value;
        }
        catch (Exception refused) when (refused is ArgumentException or FormatException or KeyNotFoundException or OverflowException)
        {
            throw ConnectionFault.Of($"the value of {name} is not one that it takes");
        }
    }

    // Messages show the host. A name, an address, each perhaps with a port; or the folder of a socket. With several hosts, each of them.
    private static void CheckHost(string? hosts)
    {
        if (string.IsNullOrWhiteSpace(hosts))
            throw ConnectionFault.Of("it names no host");
        if (!hosts.Split(',').All(host => HostName().IsMatch(host.Trim()) || IPAddress.TryParse(host.Trim(), out _)))
            throw ConnectionFault.Of("the value of Host is not a host name, an address or a folder");
    }

    private static string Keyword(string option) => option switch
    {
        "sslmode" => "SSL Mode",
        "connect_timeout" => "Timeout",
        "application_name" => "Application Name",
        _ => option,
    };

    [GeneratedRegex(@"^\s*[A-Za-z][A-Za-z0-9+.-]*://")]
    private static partial Regex Scheme();

    [GeneratedRegex(@"^(password|psw|pwd)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Secret();

    [GeneratedRegex(
        @"(?:^|[^\w-])(host|hostaddr|server|port|database|dbname|user|username|user ?id|uid|password|passwd|pwd|psw|passfile|sslmode|sslpassword)\s*=",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Inner();

    [GeneratedRegex(@"^([\w-]+(\.[\w-]+)*\.?(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?|([A-Za-z]:\\|[/@])[^=@:;]*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex HostName();
}
