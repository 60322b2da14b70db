using System.Globalization;

namespace BubbleSync.Server.Page.Parts;

/// <summary>Writes moments on the clocks of the viewer, whose browser names its time zone.</summary>
internal sealed class ViewerTime(TimeProvider clock)
{
    /// <summary>The zone; UTC where the browser names none that this machine knows.</summary>
    public TimeZoneInfo Zone { get; private set; } = TimeZoneInfo.Utc;

    /// <summary>The zone with its offset now, such as <c>Asia/Kuala_Lumpur (UTC+08:00)</c>.</summary>
    public string ZoneText =>
        Zone.Id is "UTC" or "Etc/UTC" ? "UTC" : $"{Zone.Id} (UTC{Local(clock.GetUtcNow()).ToString("zzz", CultureInfo.InvariantCulture)})";

    /// <summary>The day on the clocks of the viewer.</summary>
    public DateTime Today => Local(clock.GetUtcNow()).Date;

    /// <summary>Takes a zone by its name.</summary>
    public void Use(string? name) => Zone = name is not null && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var found) ? found : TimeZoneInfo.Utc;

    /// <summary>Returns a text such as <c>2026-03-01 16:00:05 +08:00</c>.</summary>
    public string Exact(DateTimeOffset moment) => Local(moment).ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);

    /// <summary>Returns a text such as <c>2026-03-01 16:00</c>, or <c>16:00:05</c> for a moment of today.</summary>
    public string Short(DateTimeOffset moment)
    {
        var (local, today) = (Local(moment), Today);
        return local.ToString(local.Date == today ? "HH:mm:ss" : "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
    }

    /// <summary>Returns a text such as <c>3 minutes ago</c>.</summary>
    public string Ago(DateTimeOffset moment) => (clock.GetUtcNow() - moment) switch
    {
        { TotalSeconds: < 45 } => "just now",
        { TotalMinutes: < 90 } age => $"{Show.Count((long)Math.Round(age.TotalMinutes), "minute")} ago",
        { TotalHours: < 36 } age => $"{Show.Count((long)Math.Round(age.TotalHours), "hour")} ago",
        var age => $"{Show.Count((long)Math.Round(age.TotalDays), "day")} ago",
    };

    /// <summary>Returns the moment of a local date and time.</summary>
    public DateTimeOffset Moment(DateTime local)
    {
        var time = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        return new DateTimeOffset(time, Zone.GetUtcOffset(time)).ToUniversalTime();
    }

    /// <summary>Returns a moment with the offset of the zone.</summary>
    public DateTimeOffset Local(DateTimeOffset moment) => TimeZoneInfo.ConvertTime(moment, Zone);
}
