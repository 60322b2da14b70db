namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>All that was measured at one size.</summary>
internal sealed class Figures
{
    private readonly List<(Situation Situation, string Way, Measurement Measured)> _all = [];

    /// <summary>Records there are; null before the first run has told.</summary>
    public long? Records { get; set; }

    public void Add(Situation situation, string way, Measurement measured) => _all.Add((situation, way, measured));

    /// <summary>The rounds of one way in one situation, in order.</summary>
    public IReadOnlyList<Measurement> Of(Situation situation, string way) =>
        [.. _all.Where(a => a.Situation == situation && a.Way == way).Select(a => a.Measured)];

    /// <summary>How many times longer one way took than another: the median of what each round says.</summary>
    public double? Ratio(Situation situation, string way, string rival) =>
        Measurement.Middle(Of(situation, way).Zip(Of(situation, rival), (one, other) => (double?)(one.Seconds / other.Seconds)));
}
