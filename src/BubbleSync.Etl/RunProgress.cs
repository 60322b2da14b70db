namespace BubbleSync.Etl;

/// <summary>How a run is getting on, at one moment.</summary>
/// <param name="Entities">The entities in merge order.</param>
/// <param name="Api">What was asked of the Data API so far.</param>
/// <param name="InFlight">Requests in flight.</param>
/// <param name="AllowedPerMinute">Requests a minute that the throttle allows now.</param>
public sealed record RunProgress(IReadOnlyList<EntityProgress> Entities, ApiCounts Api, int InFlight, double AllowedPerMinute);

/// <summary>How an entity is getting on.</summary>
/// <param name="Name">The entity.</param>
/// <param name="State">What it is at.</param>
/// <param name="Expected">Records as Bubble counted them, or null where it is not known yet.</param>
/// <param name="Read">Records read so far.</param>
/// <param name="Rejected">Records rejected so far.</param>
/// <param name="TakenOver">Of those read, records that an earlier attempt at the same run had read.</param>
public sealed record EntityProgress(string Name, EntityState State, long? Expected, long Read, long Rejected, long TakenOver);

/// <summary>What an entity is at.</summary>
public enum EntityState
{
    /// <summary>Not begun.</summary>
    Waiting,

    /// <summary>Its records are being read and staged.</summary>
    Reading,

    /// <summary>Read; waits for the levels below, or merges.</summary>
    Merging,

    /// <summary>Merged.</summary>
    Done,
}
