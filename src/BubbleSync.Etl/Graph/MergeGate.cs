namespace BubbleSync.Etl.Graph;

/// <summary>Who waits for whose merge: the merges of a level for all of the lower levels, the look at an entity's links for the entities that they lead to.</summary>
internal sealed class MergeGate(IEnumerable<(string Entity, int Level)> entities)
{
    private readonly Dictionary<string, (int Level, TaskCompletionSource Merged)> _entities =
        entities.ToDictionary(e => e.Entity, e => (e.Level, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));

    /// <summary>Waits until every entity of every lower level has merged.</summary>
    public Task BelowAsync(int level, CancellationToken cancellationToken) =>
        AllAsync(_entities.Values.Where(e => e.Level < level), cancellationToken);

    /// <summary>The highest level of these; those that do not take part have none.</summary>
    public int Highest(IEnumerable<string> names) => names.Max(n => _entities.TryGetValue(n, out var entity) ? entity.Level : int.MinValue);

    /// <summary>Waits until these have merged; those that do not take part are there as they are.</summary>
    public Task AllAsync(IReadOnlySet<string> names, CancellationToken cancellationToken) =>
        AllAsync(_entities.Where(e => names.Contains(e.Key)).Select(e => e.Value), cancellationToken);

    /// <summary>Waits until all have merged.</summary>
    public Task AllAsync(CancellationToken cancellationToken) => AllAsync(_entities.Values, cancellationToken);

    /// <summary>An entity has merged.</summary>
    public void Pass(string entity) => _entities[entity].Merged.SetResult();

    private static Task AllAsync(IEnumerable<(int Level, TaskCompletionSource Merged)> awaited, CancellationToken cancellationToken) =>
        Task.WhenAll(awaited.Select(e => e.Merged.Task)).WaitAsync(cancellationToken);
}
