using System.Globalization;

namespace BubbleSync.Etl.Reports.Mirror;

/// <summary>Writes moments in the time zone of the reader, which is named.</summary>
/// <param name="zone">The zone.</param>
/// <param name="now">The moment whose offset is named.</param>
internal sealed class LocalTime(TimeZoneInfo zone, DateTimeOffset now)
{
    /// <summary>The zone with its offset now, such as <c>Asia/Kuala_Lumpur (UTC+08:00)</c>.</summary>
    public string Zone => zone.Id is "UTC" or "Etc/UTC" ? "UTC" : $"{zone.Id} (UTC{Offset(now)})";

    /// <summary>Returns the time on the clocks of the zone.</summary>
    public DateTime Of(DateTimeOffset moment) => TimeZoneInfo.ConvertTime(moment, zone).DateTime;

    /// <summary>Returns a text such as <c>2026-03-01 16:00:00 +08:00</c>; each has its own offset, which changes with daylight saving time.</summary>
    public string Text(DateTimeOffset moment) => $"{Of(moment).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} {Offset(moment)}";

    private string Offset(DateTimeOffset moment) =>
        TimeZoneInfo.ConvertTime(moment, zone).ToString("zzz", CultureInfo.InvariantCulture);
}
