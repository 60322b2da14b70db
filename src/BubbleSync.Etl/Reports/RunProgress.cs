using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Reports;

/// <summary>The progress of a run at one moment.</summary>
/// <param name="Entities">The entities in merge order.</param>
/// <param name="Api">What was asked of the Data API so far.</param>
/// <param name="InFlight">Requests in flight.</param>
/// <param name="AllowedPerMinute">Requests a minute that the throttle allows now.</param>
/// <param name="Queues">
/// What waits before each stage, all entities together, in the order of the stages: the one after the last full queue is the bottleneck.
/// </param>
public sealed record RunProgress(IReadOnlyList<EntityProgress> Entities, ApiCounts Api, int InFlight, double AllowedPerMinute, IReadOnlyList<StageFill> Queues)
{
    /// <summary>The end of the current wait, if it is longer than ten seconds; else null. Bubble asked for it or gives no good answer.</summary>
    public DateTimeOffset? WaitingUntil { get; init; }

    /// <summary>Whether what was read is compared, and nothing merged.</summary>
    public bool Compares { get; init; }
}

/// <summary>What waits before a stage.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Waiting">Messages that wait: windows before reading, pages before the others.</param>
/// <param name="Capacity">How many may wait; then those who send them wait.</param>
public sealed record StageFill(QueueStage Stage, int Waiting, int Capacity);

/// <summary>The progress of an entity.</summary>
/// <param name="Name">The entity.</param>
/// <param name="State">What it is at.</param>
/// <param name="Expected">Records as Bubble counted them, or null where it is not known yet.</param>
/// <param name="Read">Records read so far.</param>
/// <param name="Rejected">Records rejected so far.</param>
/// <param name="TakenOver">Of those read, records that an earlier attempt at the same run had read.</param>
public sealed record EntityProgress(string Name, EntityState State, long? Expected, long Read, long Rejected, long TakenOver);

/// <summary>What an entity is at.</summary>
[JsonConverter(typeof(WordConverter<EntityState>))]
public enum EntityState
{
    /// <summary>Not begun.</summary>
    Waiting,

    /// <summary>Its records are being read and staged.</summary>
    Reading,

    /// <summary>Read; waits for the levels below, or merges, or is compared.</summary>
    Merging,

    /// <summary>Merged, or compared.</summary>
    Done,
}
