using BubbleSync.Etl.Postgres.Failures;
using Npgsql;

namespace BubbleSync.Etl.Postgres.Addresses;

/// <summary>The content of a connection string.</summary>
/// <param name="Keywords">Where to connect and how, for Npgsql.</param>
/// <param name="Notes">The words that are ignored, and why.</param>
internal sealed record ConnectionTarget(NpgsqlConnectionStringBuilder Keywords, IReadOnlyList<string> Notes)
{
    /// <summary>Whether a server is reached by a unix socket.</summary>
    public bool HasSocket => Keywords.Host!.Split(',').Any(host => host.StartsWith('@') || Path.IsPathRooted(host));

    /// <summary>Hosts, port and database, for messages.</summary>
    public string Name
    {
        get
        {
            var hosts = Keywords.Host!.Split(',');
            var havePorts = hosts.Length > 1 && hosts.All(host => host.Contains(':', StringComparison.Ordinal));
            var place = havePorts ? Keywords.Host : FormattableString.Invariant($"{Keywords.Host}:{Keywords.Port}");
            return $"{place}/{ConnectionFault.Shown(Keywords.Database)}";
        }
    }
}
