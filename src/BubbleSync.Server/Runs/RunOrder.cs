using System.Security.Cryptography;
using System.Text.Json;
using BubbleSync.Etl.Settings;
using BubbleSync.Server.Api;

namespace BubbleSync.Server.Runs;

/// <summary>An order for a run: the body of <c>POST /apps/{app}/syncs</c>. What a kind does not take is ignored.</summary>
internal sealed record RunOrder
{
    /// <summary>What is run.</summary>
    public required SyncKind Kind { get; set; }

    /// <summary>The entity of a record or of a range. Default <c>invoice</c>.</summary>
    public string Entity { get; set; } = "invoice";

    /// <summary>The entities of a resync, an incremental sync or a comparison; none for all.</summary>
    public IReadOnlyList<string> Entities { get; set; } = [];

    /// <summary>The ids of invoices or records.</summary>
    public IReadOnlyList<string> Ids { get; set; } = [];

    /// <summary>The first moment of a range.</summary>
    public DateTimeOffset? From { get; set; }

    /// <summary>The last moment of a range. Default now.</summary>
    public DateTimeOffset? To { get; set; }

    /// <summary>Whether Bubble's values win over local edits and over newer rows. Default false.</summary>
    public bool Force { get; set; }

    /// <summary>Whether users are left out of a sync of invoices. Default false.</summary>
    public bool SkipUsers { get; set; }

    /// <summary>Whether agents are left out of a sync of invoices. Default false.</summary>
    public bool SkipAgents { get; set; }

    /// <summary>What happens to rows that Bubble no longer has. Default: they are reported.</summary>
    public PruneMode Prune { get; set; } = PruneMode.Report;

    /// <summary>The largest part of an entity's rows, in per cent, that may be pruned. Default 20.</summary>
    public decimal PruneLimitPercent { get; set; } = 20;

    /// <summary>Requests that the run may send; null for any number.</summary>
    public long? MaxCalls { get; set; }

    /// <summary>Stops a resync when more records than this are rejected; null for any number.</summary>
    public Limit? MaxRejects { get; set; }

    /// <summary>Reads only the newest records of each entity, for a first look; null for all.</summary>
    public long? Limit { get; set; }

    /// <summary>Whether a resync only fills columns that a map gained. Default false.</summary>
    public bool Backfill { get; set; }

    /// <summary>Whether a resync creates all tables first, where none exists. Default false.</summary>
    public bool Create { get; set; }

    /// <summary>Whether a resync rolls everything back at its end. Default false.</summary>
    public bool DryRun { get; set; }

    /// <summary>Whether a resync accepts a new address of the app. Default false.</summary>
    public bool AcceptSource { get; set; }

    /// <summary>The run to resume (resync) or to reprocess.</summary>
    public Guid? Run { get; set; }

    /// <summary>Whether a comparison compares only numbers of records. Default false.</summary>
    public bool ByCounts { get; set; }

    /// <summary>Whether a comparison counts values that Bubble no longer sends as differences. Default false.</summary>
    public bool Strict { get; set; }

    /// <summary>A comparison takes only records modified at this moment or later; null for all.</summary>
    public DateTimeOffset? Since { get; set; }

    /// <summary>The same hash for two equal orders.</summary>
    public string ToHash() => Convert.ToHexString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this, ServerJson.Default.RunOrder)));
}
