using BubbleSync.Benchmarks.EndToEnd;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>All that was measured.</summary>
internal sealed class RivalFigures
{
    private readonly List<(Situation Situation, string Rival, RivalMeasurement Measured)> _all = [];

    public void Add(Situation situation, string rival, RivalMeasurement measured) => _all.Add((situation, rival, measured));

    /// <summary>The median of each figure over the rounds.</summary>
    public RivalMeasurement Median(Situation situation, string rival)
    {
        var rounds = Of(situation, rival);
        return new(
            Middle(rounds, r => r.Seconds)!.Value, Middle(rounds, r => r.Cpu)!.Value, Middle(rounds, r => r.PostgresCpu),
            Middle(rounds, r => r.Allocated)!.Value, Middle(rounds, r => r.LogBytes)!.Value, Middle(rounds, r => r.RowsWritten)!.Value);
    }

    /// <summary>How many times longer than the product it took: the median of what each round says.</summary>
    public double Ratio(Situation situation, string rival) => Measurement.Middle(
        Of(situation, rival).Zip(Of(situation, Rival.Product), (one, product) => (double?)(one.Seconds / product.Seconds)))!.Value;

    private List<RivalMeasurement> Of(Situation situation, string rival) =>
        [.. _all.Where(a => a.Situation == situation && a.Rival == rival).Select(a => a.Measured)];

    private static double? Middle(List<RivalMeasurement> rounds, Func<RivalMeasurement, double?> figure) => Measurement.Middle(rounds.Select(figure));
}

/// <summary>What one load took.</summary>
/// <param name="Seconds">From the finished input to the commit.</param>
/// <param name="Cpu">Processor seconds of the client.</param>
/// <param name="PostgresCpu">Processor seconds of the server; null where the system does not say.</param>
/// <param name="Allocated">Bytes that the client allocated.</param>
/// <param name="LogBytes">Bytes of write-ahead log.</param>
/// <param name="RowsWritten">Row versions written to the table.</param>
internal sealed record RivalMeasurement(double Seconds, double Cpu, double? PostgresCpu, double Allocated, double LogBytes, double RowsWritten);
