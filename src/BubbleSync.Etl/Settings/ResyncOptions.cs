using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Settings;

/// <summary>The options of a resync (full refresh).</summary>
public sealed record ResyncOptions
{
    /// <summary>The entities to sync; none for all.</summary>
    public IReadOnlyList<string> Entities { get; init; } = [];

    /// <summary>Whether Bubble's values win over local edits and over rows that are newer. Default false.</summary>
    public bool Force { get; init; }

    /// <summary>
    /// Whether only the columns are filled that a map gained since its entity was last filled, where they are NULL, whatever the dates. Nothing else is
    /// written, and only the entities concerned are read. Default false.
    /// </summary>
    public bool Backfill { get; init; }

    /// <summary>
    /// Reads only so many records of each entity, the newest by Created Date, for a first look: nothing is verified or pruned, and the next incremental sync
    /// does not start from this run. Null for all.
    /// </summary>
    public long? MostRecords { get; init; }

    /// <summary>Whether to create all tables first, where no table of any entity exists. Default false.</summary>
    [JsonIgnore]
    public bool Create { get; init; }

    /// <summary>Whether everything is rolled back at the end. Default false.</summary>
    public bool DryRun { get; init; }

    /// <summary>Whether to resume a run that ended early, with its entities and options. Default false.</summary>
    public bool Resume { get; init; }

    /// <summary>The run to resume; null for the last one.</summary>
    public string? ResumeRun { get; init; }

    /// <summary>What happens to rows that Bubble no longer has. Default: they are reported.</summary>
    public PruneMode Prune { get; init; } = PruneMode.Report;

    /// <summary>The largest part of an entity's rows, in per cent, that may be pruned. Default 20.</summary>
    public decimal PruneLimitPercent { get; init; } = 20;

    /// <summary>Stops the run when more records than this are rejected; null for any number.</summary>
    public Limit? MaxRejects { get; init; }

    /// <summary>Requests that the run may send; null for any number.</summary>
    public long? MaxCalls { get; init; }

    /// <summary>Whether to accept a new address of the app, after a sample of the stored ids was found there. Default false.</summary>
    [JsonIgnore]
    public bool AcceptSource { get; init; }

    /// <summary>
    /// Asks the run to end in good order: current windows and merges are finished and kept, no new one begins, and the report says <c>cancelled</c>. Windows
    /// have ten seconds, merges as long as they need. A run that is not recorded yet ends at once, with an exception of the code <c>cancelled</c>.
    /// </summary>
    [JsonIgnore]
    public CancellationToken Drain { get; init; }
}

/// <summary>What happens to rows that Bubble no longer has.</summary>
[JsonConverter(typeof(WordConverter<PruneMode>))]
public enum PruneMode
{
    /// <summary>They are not looked for.</summary>
    None,

    /// <summary>They are counted.</summary>
    Report,

    /// <summary>They get <c>deleted_in_bubble_at</c>.</summary>
    Soft,

    /// <summary>They are deleted.</summary>
    Hard,
}

/// <summary>A limit: a number of records, or per cent of all.</summary>
/// <param name="Number">How many.</param>
/// <param name="IsPercent">Whether of a hundred.</param>
public sealed record Limit(decimal Number, bool IsPercent)
{
    /// <summary>Whether <paramref name="count"/> of <paramref name="all"/> is more than allowed.</summary>
    public bool IsExceeded(long count, long all) => IsPercent ? count * 100m > Number * all : count > Number;

    /// <summary>As it is written: <c>10</c>, <c>2.5%</c>.</summary>
    public override string ToString() => Number.ToString(System.Globalization.CultureInfo.InvariantCulture) + (IsPercent ? "%" : "");
}
