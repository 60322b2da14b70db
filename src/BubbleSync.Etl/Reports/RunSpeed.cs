namespace BubbleSync.Etl.Reports;

/// <summary>
/// Records a second and calls a minute, over the last ten seconds: the speed of a run now, not its average. A host shows it beside the progress. Calls must not
/// overlap.
/// </summary>
/// <param name="clock">The clock.</param>
public sealed class RunSpeed(TimeProvider clock)
{
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(10);
    private readonly Queue<(long At, IReadOnlyList<EntityProgress> Entities, long Calls)> _looks = [];
    private IReadOnlyList<EntityProgress> _now = [];
    private long _calls;
    private long _at;

    /// <summary>Records a second of the whole run; 0 until there are two samples.</summary>
    public double Total => _now.Sum(e => Of(e.Name));

    /// <summary>Calls a minute; 0 until there are two samples.</summary>
    public double CallsPerMinute
    {
        get
        {
            var (since, _, then) = First;
            var elapsed = clock.GetElapsedTime(since, _at);
            return elapsed > TimeSpan.Zero ? (_calls - then) / elapsed.TotalMinutes : 0;
        }
    }

    private (long At, IReadOnlyList<EntityProgress> Entities, long Calls) First => _looks.Count > 0 ? _looks.Peek() : (_at, _now, _calls);

    /// <summary>Notes the run's progress.</summary>
    public void Note(RunProgress progress)
    {
        (_now, _calls, _at) = (progress.Entities, progress.Api.Calls, clock.GetTimestamp());
        _looks.Enqueue((_at, _now, _calls));
        while (_looks.Count > 2 && clock.GetElapsedTime(_looks.Peek().At, _at) > Span)
            _looks.Dequeue();
    }

    /// <summary>Records a second of one entity.</summary>
    public double Of(string entity)
    {
        var (since, then, _) = First;
        var elapsed = clock.GetElapsedTime(since, _at);
        return elapsed > TimeSpan.Zero ? Math.Max(0, Read(_now, entity) - Read(then, entity)) / elapsed.TotalSeconds : 0;
    }

    /// <summary>The remaining reading time at this speed, or null if unknown.</summary>
    public TimeSpan? Left()
    {
        var left = _now.Sum(e => Math.Max(0, (e.Expected ?? 0) - e.Read));
        return _now.Any(e => e.Expected is null) || Total <= 0 ? null : TimeSpan.FromSeconds(Math.Min(left / Total, TimeSpan.MaxValue.TotalSeconds / 2));
    }

    // Records of an earlier attempt took no time in this one.
    private static long Read(IReadOnlyList<EntityProgress> entities, string name) => entities.Where(e => e.Name == name).Sum(e => e.Read - e.TakenOver);
}
