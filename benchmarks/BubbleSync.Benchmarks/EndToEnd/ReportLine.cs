using System.Globalization;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>One way in one situation at one size.</summary>
internal sealed record ReportLine(long Records, string Situation, string Way, Measurement Measured, double? ToSkeleton, double? ToFloor)
{
    private const double Mega = 1024 * 1024;

    public double RecordsPerSecond => Records / Measured.Seconds;

    /// <summary>The lines of one size.</summary>
    public static IEnumerable<ReportLine> Of(Figures figures, IReadOnlyList<Situation> situations)
    {
        foreach (var situation in situations.Order())
        {
            foreach (var way in new[] { EndToEnd.Way.Program, EndToEnd.Way.Skeleton, EndToEnd.Way.Floor, EndToEnd.Way.Drain })
            {
                if (figures.Of(situation, way) is { Count: > 0 } rounds)
                {
                    yield return new(
                        figures.Records ?? 0, $"{situation}", way, Measurement.Median(rounds),
                        figures.Ratio(situation, way, EndToEnd.Way.Skeleton), figures.Ratio(situation, way, EndToEnd.Way.Floor));
                }
            }
        }
    }

    /// <summary>What the table shows, in its order.</summary>
    public IEnumerable<string> Cells() =>
    [
        Text(Records, "N0"), Situation, Way, Text(Measured.Seconds, "0.00"), Text(RecordsPerSecond, "N0"),
        Text(Measured.Cpu, "0.00"), Text(Measured.SimulatorCpu, "0.00"), Text(Measured.PostgresCpu, "0.00"),
        Text(Measured.PeakBytes / Mega, "0"), Text(Measured.Calls, "N0"), Text(Measured.LogBytes / Mega, "0.0"), Text(Measured.RowsWritten, "N0"), Text(Measured.Tail, "0.00"),
        Text(ToSkeleton, "0.00"), Text(ToFloor, "0.00"),
    ];

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
