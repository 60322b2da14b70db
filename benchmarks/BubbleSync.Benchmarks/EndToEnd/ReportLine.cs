using System.Globalization;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>One way in one situation at one size.</summary>
internal sealed record ReportLine
{
    private const double Mega = 1024 * 1024;

    /// <summary>What stands above the cells.</summary>
    public static readonly IReadOnlyList<string> Heads =
    [
        "records", "situation", "way", "s", "records/s", "CPU s", "simulator's", "PostgreSQL's", "peak MB", "calls", "WAL MB", "rows written",
        "last page to end s",
        "of ceiling", "/ skeleton", "/ floor", "row by row /",
    ];

    public required long Records { get; init; }

    public required Situation Situation { get; init; }

    public required string Way { get; init; }

    public required Measurement Measured { get; init; }

    /// <summary>Whether the figures are those of another size, scaled with the records.</summary>
    public bool IsScaled { get; init; }

    /// <summary>How many times longer than the skeleton it took.</summary>
    public double? ToSkeleton { get; init; }

    /// <summary>How many times longer than the floor it took.</summary>
    public double? ToFloor { get; init; }

    /// <summary>How many times longer the row-by-row way took.</summary>
    public double? RowsToThis { get; init; }

    public double RecordsPerSecond => Records / Measured.Seconds;

    /// <summary>What the table shows, in its order.</summary>
    public IEnumerable<string> Cells() =>
    [
        Text(Records, "N0"), $"{Situation}".ToLowerInvariant(), Way, About(Measured.Seconds, "0.00"), About(RecordsPerSecond, "N0"),
        Text(Measured.Cpu, "0.00"), Text(Measured.SimulatorCpu, "0.00"), Text(Measured.PostgresCpu, "0.00"),
        Text(Measured.PeakBytes / Mega, "0"), About(Measured.Calls, "N0"), Text(Measured.LogBytes / Mega, "0.0"), Text(Measured.RowsWritten, "N0"),
        Text(Measured.Tail, "0.00"),
        Text(Measured.OfCeiling, "0.0%"), Text(ToSkeleton, "0.00"), Text(ToFloor, "0.00"), Text(RowsToThis, "0.0"),
    ];

    private string About(double? value, string format) => (IsScaled ? "~" : "") + Text(value, format);

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
