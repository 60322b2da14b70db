namespace BubbleSync.Etl.Pipeline;

/// <summary>Who waits for whose merge: the merges of a level for all of the lower levels.</summary>
internal sealed class MergeGate(IEnumerable<(string Entity, int Level)> entities)
{
    private readonly Dictionary<string, (int Level, TaskCompletionSource Merged)> _entities =
        entities.ToDictionary(e => e.Entity, e => (e.Level, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));

    /// <summary>Waits until every entity of every lower level has merged.</summary>
    public Task BelowAsync(int level, CancellationToken cancellationToken) =>
        Task.WhenAll(_entities.Values.Where(e => e.Level < level).Select(e => e.Merged.Task)).WaitAsync(cancellationToken);

    /// <summary>An entity has merged.</summary>
    public void Pass(string entity) => _entities[entity].Merged.SetResult();
}
