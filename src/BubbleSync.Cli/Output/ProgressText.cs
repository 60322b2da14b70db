using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;

namespace BubbleSync.Cli.Output;

/// <summary>The progress of a run, in words.</summary>
internal static class ProgressText
{
    /// <summary>Records read.</summary>
    public static string Read(RunProgress progress)
    {
        var (read, expected) = (progress.Entities.Sum(e => e.Read), progress.Entities.Sum(e => e.Expected ?? 0));
        return expected > read ? Say($"{read:N0} of {expected:N0} records are read") : $"{Counted.Of(read, "record")} {(read == 1 ? "is" : "are")} read";
    }

    /// <summary>Records read, speed, time left.</summary>
    public static string Records(RunProgress progress, RunSpeed speed)
    {
        var rejected = Rejected(progress.Entities.Sum(e => e.Rejected));
        if (progress.Entities.All(e => e.State is EntityState.Merging or EntityState.Done))
            return Say($"{progress.Entities.Sum(e => e.Read):N0} records read{rejected}; {Stage(progress)}");

        var expected = progress.Entities.Sum(e => e.Expected ?? 0);
        var pace = speed.Total > 0 ? Say($", {speed.Total:N0}/s") : "";
        var left = speed.Left() is { } time && progress.Entities.Any(e => e.Read < e.Expected) ? $", {Duration(time)} left" : "";
        return Say($"{progress.Entities.Sum(e => e.Read):N0} of {expected:N0} records{pace}{left}{rejected}");
    }

    /// <summary>The requests to Bubble, the allowed rate, and how much of it is used.</summary>
    public static string Api(RunProgress progress, RunSpeed speed)
    {
        var api = progress.Api;
        var retries = api.Retries > 0 ? Say($", {api.Retries:N0} sent again") : "";
        var throttled = api.Throttled > 0 ? Say($", {api.Throttled:N0} throttled") : "";
        var waiting = progress.WaitingUntil is { } until ? Say($", waiting until {until.UtcDateTime:HH:mm:ss}Z") : "";
        var pace = Say($"{progress.AllowedPerMinute:N0} a minute allowed, {speed.CallsPerMinute:N0} used");
        return Say($"{Counted.Of(api.Calls, "call")}, {progress.InFlight} in flight, {pace}{retries}{throttled}{waiting}");
    }

    /// <summary>The queue before each stage: if a queue is full, the run waits for the stage after it.</summary>
    public static string Queues(RunProgress progress)
    {
        var fills = progress.Queues.Where(q => q.Stage != QueueStage.Read).Select(q => Say($"{q.Waiting}/{q.Capacity} to {Word.Of(q.Stage)}"));
        return $"pages waiting: {string.Join(", ", fills.DefaultIfEmpty("none"))}";
    }

    /// <summary>The number of rejects, if any.</summary>
    public static string Rejected(long count) => count > 0 ? Say($", {count:N0} rejected") : "";

    private static string Stage(RunProgress progress) =>
        progress.Compares ? "comparing with the tables" : progress.Entities.All(e => e.State == EntityState.Done) ? "patches under way" : "merges under way";

    private static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 90 } => Say($"{Math.Ceiling(time.TotalSeconds):0} s"),
        { TotalMinutes: < 90 } => Say($"{Math.Ceiling(time.TotalMinutes):0} min"),
        _ => Say($"{time.TotalHours:0.0} h"),
    };

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
