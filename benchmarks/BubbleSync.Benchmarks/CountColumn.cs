using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace BubbleSync.Benchmarks;

/// <summary>
/// A column of what the last iteration of <see cref="InvoiceSyncBenchmarks"/> counted. It runs in this process, so that the counts are at hand.
/// </summary>
internal sealed class CountColumn(string name, string legend, Func<CountColumn.Counted, long> pick) : IColumn
{
    private static readonly Dictionary<(string Way, int LatencyMs, InvoiceSyncBenchmarks.SyncCase Case), Counted> All = [];

    /// <summary>Calls of the Data API, and rows written.</summary>
    internal sealed record Counted(long Calls, long Rows);

    public static CountColumn Calls { get; } = new("Calls", "Requests that the Data API was sent", c => c.Calls);

    public static CountColumn Rows { get; } = new("Rows written", "Rows that the sync inserted or updated", c => c.Rows);

    public string Id => ColumnName;

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => legend;

    public static void Note(string way, int latencyMs, InvoiceSyncBenchmarks.SyncCase @case, long calls, long rows) =>
        All[(way, latencyMs, @case)] = new Counted(calls, rows);

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, summary.Style);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        All.TryGetValue(
            (benchmarkCase.Descriptor.WorkloadMethod.Name, (int)benchmarkCase.Parameters[nameof(InvoiceSyncBenchmarks.LatencyMs)],
                (InvoiceSyncBenchmarks.SyncCase)benchmarkCase.Parameters[nameof(InvoiceSyncBenchmarks.Case)]),
            out var counted) ? pick(counted).ToString("N0", CultureInfo.InvariantCulture) : "NA";
}
