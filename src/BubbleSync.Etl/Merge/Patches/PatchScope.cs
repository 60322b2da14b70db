using BubbleSync.Etl.Mapping;

namespace BubbleSync.Etl.Merge.Patches;

/// <summary>What a patch stage does.</summary>
/// <param name="Schema">The schema of the target tables.</param>
/// <param name="RunId">The run.</param>
/// <param name="Patches">The patches in order.</param>
/// <param name="AreAll">Whether these are all patches, so that nothing needs to be noted for others when they have run.</param>
/// <param name="IsFull">Whether patches look at all rows, not only at those that were touched.</param>
/// <param name="Plans">All entities, synced in this run or not: patches and deferred links may concern any of them.</param>
internal sealed record PatchScope(
    string Schema, Guid RunId, IReadOnlyList<PatchFile> Patches, bool AreAll, bool IsFull, IReadOnlyList<EntityPlan> Plans)
{
    /// <summary>The tables of all entities.</summary>
    public IReadOnlyList<MirroredTable> Mirror => Plans.Count == 0 ? [] : Plans[0].Mirror;
}
