namespace BubbleSync.Etl.Graph;

/// <summary>Lets the merges of a level begin only when all of the lower levels have ended.</summary>
internal sealed class LevelGate
{
    private readonly Dictionary<int, (int Open, TaskCompletionSource Done)> _levels;
    private readonly Lock _lock = new();

    /// <summary>Sets up the gate for entities of these levels.</summary>
    public LevelGate(IEnumerable<int> levels) =>
        _levels = levels.GroupBy(l => l).ToDictionary(g => g.Key, g => (g.Count(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));

    /// <summary>Waits until every entity of every lower level has passed.</summary>
    public Task WaitAsync(int level, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.WhenAll(_levels.Where(l => l.Key < level).Select(l => l.Value.Done.Task)).WaitAsync(cancellationToken);
    }

    /// <summary>An entity of a level has merged.</summary>
    public void Pass(int level)
    {
        lock (_lock)
        {
            var (open, done) = _levels[level];
            _levels[level] = (open - 1, done);
            if (open == 1)
                done.SetResult();
        }
    }
}
