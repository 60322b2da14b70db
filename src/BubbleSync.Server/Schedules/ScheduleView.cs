using BubbleSync.Etl.Settings;

namespace BubbleSync.Server.Schedules;

/// <summary>A schedule as it is shown.</summary>
/// <param name="Kind">What is run.</param>
/// <param name="Cron">When.</param>
/// <param name="TimeZone">In which time zone.</param>
/// <param name="Entities">The entities; none for all.</param>
/// <param name="Next">The next time; null where there is none.</param>
/// <param name="LastRun">The run that it started last; null before the first.</param>
internal sealed record ScheduleView(
    ScheduledKind Kind, string Cron, string TimeZone, IReadOnlyList<string> Entities, DateTimeOffset? Next, Guid? LastRun);
