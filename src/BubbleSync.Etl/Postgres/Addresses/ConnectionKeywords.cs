using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Postgres.Failures;
using Npgsql;

namespace BubbleSync.Etl.Postgres.Addresses;

/// <summary>Reads a connection string in any of its forms. <see cref="ConnectionFault"/> reports what is wrong, and quotes nothing.</summary>
internal sealed partial class ConnectionKeywords
{
    private const string AnyServer = "any";
    private const string SystemRoots = "system";
    private const string TlsMode = "SSL Mode";

    private readonly NpgsqlConnectionStringBuilder _keywords = [];
    private readonly HashSet<string> _found = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _notes = [];

    // Not yet in the keywords, because libpq has lists of both that belong together.
    private string _ports = "";
    private string _address = "";
    private bool _trustsSystem;
    private bool _checksNothing;

    private ConnectionKeywords()
    {
    }

    /// <summary>
    /// Takes <c>postgresql://user:password@host:port/database?option=value</c>, <c>host=… dbname=…</c> or <c>Host=…;Database=…</c>. What it leaves out is
    /// taken from the service it names, then from libpq's variables.
    /// </summary>
    /// <param name="text">The connection string.</param>
    /// <param name="variable">Reads a variable of the environment.</param>
    public static ConnectionTarget Parse(string? text, Func<string, string?> variable)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw ConnectionFault.NotSet();

        var parser = new ConnectionKeywords();
        var given = ConnectionText.Split(text);
        var variables = Variables(variable).ToList();
        parser.Add(given);
        if (Value("service", [.. given, .. variables]) is { } service)
            parser.Add(ServiceFile.Read(service, Value("servicefile", [.. given, .. variables]), variable));
        parser.Add(variables);
        return parser.Finish(UsualRoots(variable));
    }

    /// <summary>Creates the source of connections; objections of Npgsql to the keywords are not quoted.</summary>
    /// <param name="keywords">The connection string.</param>
    /// <param name="opened">Called for each session that is opened on the server, not for one that comes from the pool.</param>
    public static NpgsqlDataSource CreateSource(NpgsqlConnectionStringBuilder keywords, Action<NpgsqlConnection> opened)
    {
        try
        {
            var builder = new NpgsqlDataSourceBuilder(keywords.ConnectionString);
            builder.UsePhysicalConnectionInitializer(
                opened,
                connection =>
                {
                    opened(connection);
                    return Task.CompletedTask;
                });
            return builder.Build();
        }
        catch (Exception refused) when (refused is ArgumentException or FormatException or InvalidOperationException or NotSupportedException)
        {
            throw ConnectionFault.Of(keywords is { SslNegotiation: SslNegotiation.Direct, SslMode: < SslMode.Require }
                ? "sslnegotiation=direct needs sslmode=require, verify-ca or verify-full"
                : "Npgsql does not take these keywords together");
        }
    }

    private static IEnumerable<ConnectionPair> Variables(Func<string, string?> variable) =>
        from word in ConnectionWords.All
        where word.Note is null
        let name = word.Variable ?? ""
        let value = name.Length > 0 ? variable(name) : null
        // Like libpq, ignores a file that a variable names and that does not exist.
        where !string.IsNullOrEmpty(value) && (!word.IsFile || File.Exists(value))
        select new ConnectionPair(word.Name, value, $"the variable {name}");

    private static string? Value(string word, IEnumerable<ConnectionPair> pairs) =>
        pairs.FirstOrDefault(pair => ConnectionWord.Find(pair.Name)?.Name == word && pair.Value.Length > 0)?.Value;

    // As in libpq, the last of several equal words in one place counts, and a later place does not change the value of an earlier one. An empty value is
    // ignored.
    private void Add(IReadOnlyList<ConnectionPair> pairs)
    {
        var before = _found.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var isBehindPassword = false;
        foreach (var pair in pairs)
        {
            var (name, value, place) = pair;
            var word = ConnectionWord.Find(name) ?? throw Unknown(pair, mayShow: !isBehindPassword);
            isBehindPassword |= word.IsSecret && !pair.IsEscaped;
            var kind = word.Keyword ?? word.Name;
            if (value.Length == 0 || before.Contains(kind))
                continue;
            _found.Add(kind);
            Set(word, value, place);
        }

        if (string.IsNullOrEmpty(_keywords.Host))
            _keywords.Host = _address;
    }

    // After a password without quotes, the word may be the rest of the password, unless it is close to a known word.
    private static SyncException Unknown(ConnectionPair pair, bool mayShow)
    {
        var near = ConnectionWord.Near(pair.Name);
        var shown = near is not null || (mayShow && ConnectionWord.IsShowable(pair.Name)) ? $", '{pair.Name}'" : "";
        var isAt = $"{pair.Place} {(pair.Place.StartsWith("line", StringComparison.Ordinal) ? "has" : "is")} a word that is not known{shown}";
        return ConnectionFault.Of(near is not null ? $"{isAt}. Did you mean '{near}'?" : $"{isAt}. Remove it if it is a word of another client");
    }

    private void Set(ConnectionWord word, string value, string place)
    {
        if (value.Contains('\0', StringComparison.Ordinal))
            throw ConnectionFault.Of($"the value of {place} has a character that no value may have (U+0000)");
        if (!word.IsSecret && InnerPair(word.Name == "options" ? Setting().Replace(value, "") : value) is { } inner)
            throw ConnectionFault.Of($"the value of {word.Name} holds another keyword, '{inner}='. Put ';' between all pairs, or a space between all pairs");
        if (word.Harmless.Contains(value, StringComparer.OrdinalIgnoreCase))
            return;
        if (word.Refusal is { } refusal)
            throw ConnectionFault.Of($"'{word.Name}' ({place}) cannot be used: {refusal}");

        switch (word.Name)
        {
            case "port":
                _ports = value;
                break;
            case "hostaddr":
                _address = value;
                break;
            case "service" or "servicefile":
                break;
            case "sslrootcert" when value == SystemRoots:
                _trustsSystem = true;
                break;
            case var _ when word.Note is { } note:
                _notes.Add($"Postgres:ConnectionString: '{word.Name}' is passed over: {note}.");
                break;
            default:
                SetKeyword(word, value, place);
                break;
        }
    }

    private void SetKeyword(ConnectionWord word, string value, string place)
    {
        if (word.IsFile && !File.Exists(value))
            throw ConnectionFault.Of($"the file that {word.Name} names is not there, or may not be read. Check its path and its rights");
        try
        {
            _keywords[word.Keyword!] = word.Translate(value) ?? throw new FormatException();
            _checksNothing = word.Keyword == TlsMode ? ConnectionWords.IsUnchecked(value) : _checksNothing;
        }
        catch (Exception refused) when (refused is ArgumentException or FormatException or KeyNotFoundException or OverflowException)
        {
            var from = place.StartsWith("the variable", StringComparison.Ordinal) ? $" ({place})" : "";
            throw ConnectionFault.Of($"the value of {word.Name}{from} is not one that it takes{(word.Expected is null ? "" : $". Expected: {word.Expected}")}");
        }
    }

    // Where libpq and Npgsql look for the certificates that they trust. Since the file is named here, messages can name it.
    private static string? UsualRoots(Func<string, string?> variable)
    {
        var folder = OperatingSystem.IsWindows() ? (variable("APPDATA"), "postgresql") : (variable("HOME"), ".postgresql");
        return folder.Item1 is { Length: > 0 } home && Path.Combine(home, folder.Item2, "root.crt") is var file && File.Exists(file) ? file : null;
    }

    private ConnectionTarget Finish(string? usualRoots)
    {
        if (_address.Length > 0 && _address != _keywords.Host)
            _notes.Add("Postgres:ConnectionString: 'hostaddr' is passed over: the name of the host is looked up.");
        SetHosts();
        _keywords.PersistSecurityInfo = false;
        if (_trustsSystem)
            _keywords.SslMode = SslMode.VerifyFull;
        if (_keywords is { RootCertificate: null, SslMode: SslMode.Require or SslMode.VerifyCA or SslMode.VerifyFull } && !_trustsSystem && !_checksNothing)
            _keywords.RootCertificate = usualRoots;
        // libpq checks a certificate with 'require' too, once it has something to check it with (manual, "SSL Support").
        if (_keywords is { RootCertificate: not null, SslMode: SslMode.Require })
            _keywords.SslMode = SslMode.VerifyCA;
        return new(_keywords, _notes);
    }

    private void SetHosts()
    {
        var hosts = (_keywords.Host ?? "").Split(',').Select(host => host.Trim()).ToList();
        CheckHosts(hosts);
        var ports = _ports.Length == 0 ? [] : _ports.Split(',').Select(Port).ToList();
        if (ports.Count > 1 && ports.Count != hosts.Count)
            throw ConnectionFault.Of("the number of ports is neither one nor that of the hosts");
        if (hosts.Count == 1)
        {
            // With one server there is no choice: the first write detects a standby, and Npgsql accepts the word for several hosts only.
            _keywords.Remove("Target Session Attributes");
            _keywords.Host = hosts[0].StartsWith('[') && hosts[0].EndsWith(']') ? hosts[0][1..^1] : hosts[0];
        }
        else
        {
            if (_keywords.TargetSessionAttributes is null or AnyServer)
                _keywords.TargetSessionAttributes = "read-write";
            _keywords.Host = string.Join(',', ports.Count > 1 ? hosts.Zip(ports, (host, port) => FormattableString.Invariant($"{host}:{port}")) : hosts);
        }

        if (ports.Count == 1)
            _keywords.Port = ports[0];
    }

    private static int Port(string text) => text.Trim() switch
    {
        "" => NpgsqlConnection.DefaultPort,
        var digits when int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= ushort.MaxValue => port,
        _ => throw ConnectionFault.Of("the value of port is not one that it takes. Expected: 1 to 65535, or one for each host with ',' between them"),
    };

    // Messages show the host. A name, an address, each perhaps with a port; or the folder of a socket. With several hosts, each of them.
    private static void CheckHosts(IReadOnlyList<string> hosts)
    {
        if (hosts.All(host => host.Length == 0))
            throw ConnectionFault.Of("it names no host. Name one, or the folder of a unix socket, such as host=/var/run/postgresql");
        if (!hosts.All(host => HostName().IsMatch(host) || IPAddress.TryParse(host, out _)))
            throw ConnectionFault.Of("the value of host is not a host name, an address or the folder of a unix socket");
    }

    private static string? InnerPair(string value) => Inner().Match(value) is { Success: true } inner ? inner.Groups[1].Value.ToLowerInvariant() : null;

    [GeneratedRegex(
        @"(?:^|[^\w-])(host|hostaddr|server|port|database|dbname|user|username|user ?id|uid|password|passwd|pwd|psw|passfile|sslmode|sslpassword)\s*=",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Inner();

    // The server's settings in options, such as -c my.user=5.
    [GeneratedRegex(@"(?:-c\s*|--)[\w.-]+\s*=", RegexOptions.CultureInvariant)]
    private static partial Regex Setting();

    // Cloud SQL's folders end in project:region:instance. Elsewhere a ':' may be what stands before a password.
    [GeneratedRegex(
        @"^([\w-]+(\.[\w-]+)*\.?(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?|([A-Za-z]:\\|[/@])[^=@:;]*|(/[\w.-]+)*/([\w.-]+:){2,3}[\w-]+)\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex HostName();
}
