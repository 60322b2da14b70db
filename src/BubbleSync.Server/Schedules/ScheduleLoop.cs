using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Server.Runs;

namespace BubbleSync.Server.Schedules;

/// <summary>
/// Orders the runs of one schedule. What was missed while the server was down, or while it could not run, is made up once. An order that equals one that waits
/// or runs starts nothing, so that there are never two at a time.
/// </summary>
internal sealed class ScheduleLoop(AppWorker worker, AppSchedule schedule, TimeProvider clock, ILogger logger)
{
    // Somebody may set the clock: the time is looked at again after at most so long.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private Guid? _lastRun;

    /// <summary>The schedule as it is shown.</summary>
    public ScheduleView View => new(
        schedule.Settings.Kind, schedule.Settings.Cron, schedule.Settings.TimeZone, schedule.Settings.Entities, schedule.Next(clock.GetUtcNow()), _lastRun);

    /// <summary>Orders runs until it is stopped.</summary>
    public async Task WorkAsync(CancellationToken cancellationToken)
    {
        var since = await LastStartAsync(cancellationToken) ?? clock.GetUtcNow();
        while (schedule.Next(since) is { } due)
        {
            while (due - clock.GetUtcNow() is { Ticks: > 0 } wait)
                await Task.Delay(wait < LongestWait ? wait : LongestWait, clock, cancellationToken);
            var submission = worker.Submit(schedule.Order, null);
            _lastRun = submission.RunId ?? _lastRun;
            if (submission.RunId is null)
                logger.NotStarted(worker.App.Name, schedule.Order.Kind, due, submission.Answer);
            since = clock.GetUtcNow();
        }
    }

    // Of all runs of this kind, also those that a person started.
    private async Task<DateTimeOffset?> LastStartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var archive = await worker.Engine.OpenArchiveAsync(cancellationToken);
            var kind = schedule.Order.Kind switch
            {
                SyncKind.Resync => RunKind.Resync,
                SyncKind.Verify => RunKind.Verify,
                _ => RunKind.Incremental,
            };
            return (await archive.ListAsync(1, kind, null, cancellationToken)) is [{ } last] ? last.StartedAt : null;
        }
        catch (SyncException unreadable)
        {
            logger.HistoryUnreadable(worker.App.Name, "nothing is made up", unreadable.Message);
            return null;
        }
    }
}
