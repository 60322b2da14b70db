using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Npgsql;

namespace BubbleSync.Etl.Postgres.Addresses;

/// <summary>The content of a connection string.</summary>
/// <param name="Keywords">Where to connect and how, for Npgsql.</param>
/// <param name="Notes">The words that are ignored, and why.</param>
internal sealed record ConnectionTarget(NpgsqlConnectionStringBuilder Keywords, IReadOnlyList<string> Notes)
{
    /// <summary>Reads the connection string of the settings.</summary>
    /// <exception cref="SyncException">It is not understood: a usage error.</exception>
    public static ConnectionTarget Of(PostgresSettings settings) => ConnectionKeywords.Parse(settings.ConnectionString, Environment.GetEnvironmentVariable);

    /// <summary>Whether a server is reached by a unix socket.</summary>
    public bool HasSocket => Keywords.Host!.Split(',').Any(host => host.StartsWith('@') || Path.IsPathRooted(host));

    /// <summary>Server, database and schema, for reports.</summary>
    public TargetPlace Place(PostgresSettings settings) => new(
        Keywords.Host!, HavePorts ? null : Keywords.Port, ConnectionFault.Shown(Keywords.Database), settings.Schema, settings.EmbeddedFolder);

    /// <summary>Hosts, port and database, for messages.</summary>
    public string Name
    {
        get
        {
            var place = HavePorts ? Keywords.Host : FormattableString.Invariant($"{Keywords.Host}:{Keywords.Port}");
            return $"{place}/{ConnectionFault.Shown(Keywords.Database)}";
        }
    }

    private bool HavePorts => Keywords.Host!.Split(',') is { Length: > 1 } hosts && hosts.All(host => host.Contains(':', StringComparison.Ordinal));
}
