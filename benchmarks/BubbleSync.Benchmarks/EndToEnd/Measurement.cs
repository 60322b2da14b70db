namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>What one run of one rival took; null where it does not apply or cannot be told here.</summary>
internal sealed record Measurement
{
    public required double Seconds { get; init; }

    public double? Cpu { get; init; }

    public double? SimulatorCpu { get; init; }

    public double? PostgresCpu { get; init; }

    public double? PeakBytes { get; init; }

    public double? Calls { get; init; }

    public double? LogBytes { get; init; }

    public double? RowsWritten { get; init; }

    /// <summary>Seconds from the last page to the end.</summary>
    public double? Tail { get; init; }

    /// <summary>The part of what a limit of requests a minute lets through at most.</summary>
    public double? OfCeiling { get; init; }

    /// <summary>The median of each figure.</summary>
    public static Measurement Median(IReadOnlyList<Measurement> rounds) => new()
    {
        Seconds = Middle(rounds.Select(r => (double?)r.Seconds)) ?? 0,
        Cpu = Middle(rounds.Select(r => r.Cpu)),
        SimulatorCpu = Middle(rounds.Select(r => r.SimulatorCpu)),
        PostgresCpu = Middle(rounds.Select(r => r.PostgresCpu)),
        PeakBytes = Middle(rounds.Select(r => r.PeakBytes)),
        Calls = Middle(rounds.Select(r => r.Calls)),
        LogBytes = Middle(rounds.Select(r => r.LogBytes)),
        RowsWritten = Middle(rounds.Select(r => r.RowsWritten)),
        Tail = Middle(rounds.Select(r => r.Tail)),
        OfCeiling = Middle(rounds.Select(r => r.OfCeiling)),
    };

    /// <summary>Time and calls of one record of so many.</summary>
    public Measurement PerRecord(long records) => new() { Seconds = Seconds / records, Calls = Calls / records };

    /// <summary>Time and calls of so many records.</summary>
    public Measurement Times(long records) => new() { Seconds = Seconds * records, Calls = Calls * records };

    /// <summary>The middle one; of an even number the mean of both; null of none.</summary>
    public static double? Middle(IEnumerable<double?> values)
    {
        var ordered = values.OfType<double>().Order().ToList();
        return ordered.Count == 0 ? null : (ordered[(ordered.Count - 1) / 2] + ordered[ordered.Count / 2]) / 2;
    }
}
