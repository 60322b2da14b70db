using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Etl.Runs.Recording;

/// <summary>The progress of the requests to Bubble at one moment.</summary>
internal sealed record ApiProgress(ApiCounts Counts, int InFlight, double AllowedPerMinute, DateTimeOffset? WaitingUntil = null)
{
    /// <summary>No requests at all.</summary>
    public static readonly ApiProgress None = new(new ApiCounts(0, 0, 0, 0), 0, 0);

    /// <summary>Returns the current counts of the connection.</summary>
    public static ApiProgress Of(BubbleConnection bubble) =>
        new(bubble.Meter.Counts, bubble.Throttle.InFlight, bubble.Throttle.AllowedPerMinute, bubble.Throttle.WaitingUntil);

    /// <summary>Returns it with the progress of the entities.</summary>
    public RunProgress With(IEnumerable<EntityPipeline> flows)
    {
        var all = flows.ToList();
        var queues = all.SelectMany(f => f.Queues).GroupBy(q => q.Stage).Select(s => new StageFill(s.Key, s.Sum(q => q.Waiting), s.Sum(q => q.Capacity)));
        return new([.. all.Select(f => f.Progress)], Counts, InFlight, AllowedPerMinute, [.. queues]) { WaitingUntil = WaitingUntil };
    }
}
