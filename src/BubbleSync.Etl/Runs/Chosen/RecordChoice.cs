using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Runs.Chosen;

/// <summary>The records that a run is to sync with all that belongs to them.</summary>
/// <param name="Kind">The kind of the run.</param>
/// <param name="Entity">The entity of the records.</param>
/// <param name="Force">Whether Bubble's values win over local edits and over rows that are newer.</param>
internal sealed record RecordChoice(RunKind Kind, string Entity, bool Force)
{
    /// <summary>Entities that are left out.</summary>
    public IReadOnlyList<string> Skipped { get; init; } = [];

    /// <summary>Whether there are records to request.</summary>
    public bool Asks { get; init; } = true;

    /// <summary>Returns the entities that the run reads.</summary>
    /// <exception cref="SyncException">No map has the entity.</exception>
    public IReadOnlyList<string> Family(IReadOnlyList<EntityMap> maps) => maps.Any(m => m.Name == Entity)
        ? RecordFamily.Of(maps, Entity, Skipped)
        : throw new SyncException(new SyncError(
            SyncStage.Settings, Entity, null, "ENTITY", ErrorCode.Settings,
            $"There is no entity '{Entity}', whose records this command syncs.{DidYouMean.Hint(Entity, maps.Select(m => m.Name))} Entities are the "
                + $"maps in Run:Entities: {string.Join(", ", maps.Select(m => m.Name))}."));
}
