using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Server.Runs;
using Cronos;
using static System.FormattableString;

namespace BubbleSync.Server.Schedules;

/// <summary>One schedule of an app, with its expression read.</summary>
/// <param name="Settings">As it was set.</param>
/// <param name="Cron">When.</param>
/// <param name="Zone">In which time zone. Where clocks are put forward, a time that does not exist runs right after; one that comes twice runs once.</param>
internal sealed record AppSchedule(ScheduleSettings Settings, CronExpression Cron, TimeZoneInfo Zone)
{
    /// <summary>The order that it places.</summary>
    public RunOrder Order => new()
    {
        Kind = Settings.Kind switch
        {
            ScheduledKind.Resync => SyncKind.Resync,
            ScheduledKind.Verify => SyncKind.Verify,
            _ => SyncKind.Incremental,
        },
        Entities = Settings.Entities,
        Prune = Settings.Prune,
    };

    /// <summary>Reads the schedules of an app.</summary>
    /// <exception cref="SyncException">Every fault of all of them.</exception>
    public static IReadOnlyList<AppSchedule> ReadAll(string app, IReadOnlyList<ScheduleSettings> schedules)
    {
        var faults = new List<SyncError>();
        List<AppSchedule> read = [.. schedules.Index().Select(item => Read(app, item.Item, item.Index, faults)).OfType<AppSchedule>()];
        return faults.Count == 0 ? read : throw new SyncException(faults);
    }

    /// <summary>Returns the first time after a moment; null where there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset after) => Cron.GetNextOccurrence(after, Zone);

    private static AppSchedule? Read(string app, ScheduleSettings settings, int index, List<SyncError> faults)
    {
        var place = Invariant($"Schedules[{index}]");
        try
        {
            var hasSeconds = settings.Cron.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 6;
            var cron = CronExpression.Parse(settings.Cron, hasSeconds ? CronFormat.IncludeSeconds : CronFormat.Standard);
            return new AppSchedule(settings, cron, TimeZoneInfo.FindSystemTimeZoneById(settings.TimeZone));
        }
        catch (CronFormatException wrong)
        {
            return Refuse($"'{settings.Cron}' is no cron expression: {wrong.Message} An expression such as '*/10 * * * *' runs every ten minutes.");
        }
        catch (Exception unknown) when (unknown is TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            return Refuse($"there is no time zone '{settings.TimeZone}' on this machine. Take a name such as Asia/Kuala_Lumpur or UTC.");
        }

        AppSchedule? Refuse(string why)
        {
            faults.Add(new SyncError(SyncStage.Settings, null, null, place, ErrorCode.Settings, $"App '{app}', {place}: {why}"));
            return null;
        }
    }
}
