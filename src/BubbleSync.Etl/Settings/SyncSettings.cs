using BubbleSync.Etl.Settings.Reading;

namespace BubbleSync.Etl.Settings;

/// <summary>All settings of the engine: read by <see cref="SettingsFile"/> from file, secrets, environment and options, or made in code.</summary>
public sealed record SyncSettings
{
    /// <summary>The source.</summary>
    public BubbleSettings Bubble { get; init; } = new();

    /// <summary>The target.</summary>
    public PostgresSettings Postgres { get; init; } = new();

    /// <summary>Folders and options of a run.</summary>
    public RunSettings Run { get; init; } = new();

    /// <summary>Who is told how runs end. The command line sends it; the engine does not.</summary>
    public NotifySettings Notify { get; init; } = new();

    /// <summary>How values are masked.</summary>
    public PrivacySettings Privacy { get; init; } = new();

    /// <summary>What Bubble charges.</summary>
    public PriceSettings Prices { get; init; } = new();

    /// <summary>The server. The engine does not use them.</summary>
    public ServerSettings Server { get; init; } = new();

    /// <summary>The runs that the server starts by itself. Default none.</summary>
    public IReadOnlyList<ScheduleSettings> Schedules { get; init; } = [];

    /// <summary>Checks all values. The engine does this before each command; a host program can do it as it starts.</summary>
    /// <exception cref="SyncException">Every fault at once, each with the setting's name and what is permitted.</exception>
    public void Validate() => SettingsCheck.ThrowIfAny(SettingsCheck.Faults(this).Select(f => f.ToError()));
}

/// <summary>The Bubble Data API and the limits of its requests.</summary>
public sealed record BubbleSettings
{
    /// <summary>Root up to and including <c>/api/1.1</c>, with or without a slash at its end. No default.</summary>
    public Uri? BaseUrl { get; init => field = WithSlash(value); }

    /// <summary>Bearer token; a secret. White space at its ends is cut, and a blank one is none. No default.</summary>
    public string? ApiToken { get; init => field = string.IsNullOrWhiteSpace(value) ? null : value.Trim(); }

    /// <summary>
    /// A file that contains only the token, such as a secret of Docker or Kubernetes; instead of <see cref="ApiToken"/>. Each command reads it at its start.
    /// No default.
    /// </summary>
    public string? ApiTokenFile { get; init => field = string.IsNullOrWhiteSpace(value) ? null : value.Trim(); }

    /// <summary>Whether the app is read without a token: only what its public rules show. Default false.</summary>
    public bool Anonymous { get; init; }

    /// <summary>Whether plain <c>http://</c> to another machine is allowed, which shows the token to everyone on the way. Default false.</summary>
    public bool AllowHttp { get; init; }

    /// <summary>Requests in flight, all entities together. Default 8.</summary>
    public int MaxConcurrency { get; init; } = 8;

    /// <summary>Ceiling of the shared throttle, requests a minute. Default 1000.</summary>
    public int RequestsPerMinute { get; init; } = 1000;

    /// <summary>Time-out of one attempt, in seconds. Default 100.</summary>
    public int TimeoutSeconds { get; init; } = 100;

    /// <summary>Attempts for one request; once they are used up, it is sent again for as long as <see cref="PatienceSeconds"/> last. Default 6.</summary>
    public int MaxAttempts { get; init; } = 6;

    /// <summary>How long a run waits during refusals and outages before it gives up, in seconds. Default 300.</summary>
    public int PatienceSeconds { get; init; } = 300;

    /// <summary>Bytes of pages that are read and not yet staged, all entities together; a larger page is read alone. Default 128 MB.</summary>
    public long MaxBytesInFlight { get; init; } = 128 * 1024 * 1024;

    /// <summary>Records a page. Default 100, which is Bubble's maximum.</summary>
    public int PageSize { get; init; } = 100;

    /// <summary>Most records in one Created Date window. Default 5000.</summary>
    public int WindowSize { get; init; } = 5000;

    /// <summary>Bubble answers no row beyond this offset. Default 50000.</summary>
    public int OffsetCeiling { get; init; } = 50_000;

    // Requests are relative to the root. Without the slash its last part would be replaced by theirs.
    private static Uri? WithSlash(Uri? address) => address is { IsAbsoluteUri: true } && address.Query.Length + address.Fragment.Length == 0
        ? new Uri($"{address.AbsoluteUri.TrimEnd('/')}/")
        : address;

    /// <summary>Keeps the token out of every text made of these settings.</summary>
    public override string ToString() => $"{BaseUrl}, token {(ApiToken is null && ApiTokenFile is null ? "not set" : "set")}";
}

/// <summary>The PostgreSQL database that is written.</summary>
public sealed record PostgresSettings
{
    /// <summary>A <c>postgresql://</c> address, libpq's pairs or Npgsql's; a secret. No default: the command line starts an embedded server then.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Schema of the target tables. Default <c>public</c>.</summary>
    public string Schema { get; init; } = "public";

    /// <summary>
    /// The most sessions of one run at a time, whatever the number of entities; 3 are the fewest. A smaller <c>Maximum Pool Size</c> in the connection string
    /// wins. Default 10.
    /// </summary>
    public int MaxConnections { get; init; } = 10;

    /// <summary>The longest statement, in seconds; 0 is no limit. Default 1800.</summary>
    public int StatementTimeoutSeconds { get; init; } = 1800;

    // Not public, because it is no setting of a user.
    internal string? EmbeddedFolder { get; init; }

    /// <summary>Returns these settings for an embedded server that is started, so that reports name its folder.</summary>
    /// <param name="connectionString">How to connect to it; a secret.</param>
    /// <param name="folder">The folder of its cluster.</param>
    public PostgresSettings Embedded(string connectionString, string folder) => this with { ConnectionString = connectionString, EmbeddedFolder = folder };

    /// <summary>Keeps the password out of every text made of these settings.</summary>
    public override string ToString() => $"schema {Schema}, connection {(ConnectionString is null ? "not set" : "set")}";
}

/// <summary>The folders of maps, patches and table scripts, and options of a run.</summary>
public sealed record RunSettings
{
    /// <summary>Folder with one JSON file per entity. Default <c>entities</c> beside the settings file.</summary>
    public string Entities { get; init; } = "entities";

    /// <summary>Folder with <c>NNN-name.sql</c>, run in name order. Default <c>patches</c> beside the settings file.</summary>
    public string Patches { get; init; } = "patches";

    /// <summary>Folder with <c>table.sql</c> scripts of target tables. Default <c>schema</c> beside the settings file.</summary>
    public string Schema { get; init; } = "schema";

    /// <summary>How far before the last finished run an incremental sync starts, in seconds. Default 300.</summary>
    public int OverlapSeconds { get; init; } = 300;

    /// <summary>
    /// Days that log lines, rejects, missing links, differences and windows of runs that have ended are kept; the runs and their counts stay. 0 keeps
    /// everything. Default 90.
    /// </summary>
    public int KeepDays { get; init; } = 90;
}

/// <summary>Where notices about runs go. Addresses of webhooks are secrets: anyone who has one can post there.</summary>
public sealed record NotifySettings
{
    /// <summary>Webhook that receives one POST of JSON when a run has ended: Slack, Teams, or any other; a secret. No default.</summary>
    public string? Url { get; init => field = string.IsNullOrWhiteSpace(value) ? null : value.Trim(); }

    /// <summary>Whether the webhook receives only runs that did not succeed. Default false.</summary>
    public bool OnlyProblems { get; init; }

    /// <summary>
    /// Address of a check at a health check service; a secret. It is requested with <c>/start</c> behind it when a run starts, as it is when the run succeeded,
    /// and with <c>/fail</c> behind it when the run did not. No default.
    /// </summary>
    public string? PingUrl { get; init => field = string.IsNullOrWhiteSpace(value) ? null : value.Trim(); }

    /// <summary>Keeps the addresses out of every text made of these settings.</summary>
    public override string ToString() => $"webhook {(Url is null ? "not set" : "set")}, ping {(PingUrl is null ? "not set" : "set")}";
}

/// <summary>How values are masked that must not reach the database.</summary>
public sealed record PrivacySettings
{
    /// <summary>
    /// Key of the hashes that stand for values with <c>"mask": "hash"</c>; a secret. With it, nobody can find a value by hashing guesses. Another key makes
    /// other hashes. No default.
    /// </summary>
    public string? HashKey { get; init => field = string.IsNullOrWhiteSpace(value) ? null : value; }

    /// <summary>Keeps the key out of every text made of these settings.</summary>
    public override string ToString() => $"hash key {(HashKey is null ? "not set" : "set")}";
}

/// <summary>Bubble's prices in workload units, for estimates (manual.bubble.io, "What contributes to workload").</summary>
public sealed record PriceSettings
{
    /// <summary>A call of the Data API. Default 0.01.</summary>
    public decimal Call { get; init; } = 0.01m;

    /// <summary>A search. Default 0.3.</summary>
    public decimal Search { get; init; } = 0.3m;

    /// <summary>A record that a search finds. Default 0.015.</summary>
    public decimal Thing { get; init; } = 0.015m;

    /// <summary>A character of it. Default 0.000003.</summary>
    public decimal Character { get; init; } = 0.000003m;

    /// <summary>A byte that the Data API sends. Default 0.000003.</summary>
    public decimal Byte { get; init; } = 0.000003m;

    /// <summary>The currency of <see cref="PerUnit"/>, such as <c>USD</c>. Default: null, estimates show no price in money.</summary>
    public string? Currency { get; init; }

    /// <summary>The price of one workload unit in that currency. Default 0: estimates show no price in money.</summary>
    public decimal PerUnit { get; init; }
}
