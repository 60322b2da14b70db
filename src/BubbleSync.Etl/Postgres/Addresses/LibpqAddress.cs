using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Npgsql;

namespace BubbleSync.Etl.Postgres.Addresses;

/// <summary>The target database in the form of PostgreSQL's own programs: an address, or the variables that psql and pg_dump read.</summary>
public static class LibpqAddress
{
    /// <summary>Returns server, database and schema.</summary>
    /// <exception cref="SyncException">The connection string is not understood: a usage error.</exception>
    public static TargetPlace Place(PostgresSettings settings) => ConnectionTarget.Of(settings).Place(settings);

    /// <summary>Returns a <c>postgresql://</c> address.</summary>
    /// <param name="settings">The database.</param>
    /// <param name="withPassword">Whether the address has the password, so that it is a secret.</param>
    /// <exception cref="SyncException">The connection string is not understood: a usage error.</exception>
    public static string Url(PostgresSettings settings, bool withPassword)
    {
        var keywords = ConnectionTarget.Of(settings).Keywords;
        var password = withPassword && keywords.Password is { Length: > 0 } secret ? $":{Uri.EscapeDataString(secret)}" : "";
        var user = keywords.Username is { Length: > 0 } name ? $"{Uri.EscapeDataString(name)}{password}@" : "";
        var (hosts, ports) = Servers(keywords);
        var servers = hosts.Zip(ports, (host, port) => $"{Host(host)}:{port}");
        var mode = keywords.SslMode >= SslMode.Require ? $"?sslmode={Mode(keywords.SslMode)}" : "";
        return $"postgresql://{user}{string.Join(',', servers)}/{Uri.EscapeDataString(keywords.Database ?? "")}{mode}";
    }

    /// <summary>Returns libpq's variables (<c>PGHOST</c> and so on). One of them is the password, where the connection string has one.</summary>
    /// <exception cref="SyncException">The connection string is not understood: a usage error.</exception>
    public static IReadOnlyDictionary<string, string> Variables(PostgresSettings settings)
    {
        var keywords = ConnectionTarget.Of(settings).Keywords;
        var (hosts, ports) = Servers(keywords);
        return new (string Name, string? Value)[]
        {
            ("PGHOST", string.Join(',', hosts)), ("PGPORT", string.Join(',', ports)), ("PGDATABASE", keywords.Database), ("PGUSER", keywords.Username),
            ("PGPASSWORD", keywords.Password), ("PGPASSFILE", keywords.Passfile), ("PGSSLMODE", Mode(keywords.SslMode)),
            ("PGSSLROOTCERT", keywords.RootCertificate), ("PGSSLCERT", keywords.SslCertificate), ("PGSSLKEY", keywords.SslKey),
            ("PGTARGETSESSIONATTRS", keywords.TargetSessionAttributes),
        }.Where(v => !string.IsNullOrEmpty(v.Value)).ToDictionary(v => v.Name, v => v.Value!);
    }

    private static (IReadOnlyList<string> Hosts, IReadOnlyList<string> Ports) Servers(NpgsqlConnectionStringBuilder keywords)
    {
        var standard = keywords.Port.ToString(CultureInfo.InvariantCulture);
        var servers = keywords.Host!.Split(',').Select(host => Server(host, standard)).ToList();
        return ([.. servers.Select(s => s.Host)], [.. servers.Select(s => s.Port)]);
    }

    // With several hosts, each may have its port behind it. An address of IPv6 has colons of its own, and so may the folder of a socket.
    private static (string Host, string Port) Server(string host, string standard) =>
        !Path.IsPathRooted(host) && host.LastIndexOf(':') is > 0 and var colon && (host.IndexOf(':') == colon || host[colon - 1] == ']')
            ? (host[..colon].Trim('[', ']'), host[(colon + 1)..])
            : (host.Trim('[', ']'), standard);

    private static string Host(string host) =>
        host.Contains(':', StringComparison.Ordinal) && !Path.IsPathRooted(host) ? $"[{host}]" : Uri.EscapeDataString(host);

    private static string Mode(SslMode mode) => mode switch
    {
        SslMode.VerifyCA => "verify-ca",
        SslMode.VerifyFull => "verify-full",
        _ => mode.ToString().ToLowerInvariant(),
    };
}
