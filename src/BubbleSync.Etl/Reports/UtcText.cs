using System.Globalization;

namespace BubbleSync.Etl.Reports;

/// <summary>Writes moments as Bubble writes them: ISO 8601, UTC, milliseconds, the same in every culture of the host.</summary>
internal static class UtcText
{
    /// <summary>Returns a text such as <c>2026-03-01T08:00:00.000Z</c>.</summary>
    public static string Of(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
