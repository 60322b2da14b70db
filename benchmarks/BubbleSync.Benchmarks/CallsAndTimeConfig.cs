using System.Collections.Immutable;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Order;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Perfolizer.Horology;

namespace BubbleSync.Benchmarks;

/// <summary>
/// Shows case, way, time, ratio, calls and rows, and nothing else. The baseline takes minutes, nearly all of it waiting, and runs once; what is beside it runs
/// five times.
/// </summary>
internal sealed class CallsAndTimeConfig : ManualConfig
{
    public CallsAndTimeConfig()
    {
        AddJob(Times(1), Times(5));
        AddFilter(new SimpleFilter(one => one.Descriptor.Baseline == (one.Job.Run.IterationCount == 1)));
        WithOrderer(new CaseByCase());
        WithSummaryStyle(SummaryStyle.Default.WithTimeUnit(TimeUnit.Second).WithRatioStyle(RatioStyle.Trend));
        AddColumn(CountColumn.Calls, CountColumn.Rows);
        HideColumns("Job", "IterationCount", "Error", "StdDev", "Median", "RatioSD");
    }

    // In this process: the counts are here, and both ways are warm from being compared in setup.
    private static Job Times(int iterations) => Job.Default
        .WithStrategy(RunStrategy.Monitoring).WithWarmupCount(0).WithIterationCount(iterations).WithInvocationCount(1).WithUnrollFactor(1)
        .WithToolchain(new InProcessNoEmitToolchain(TimeSpan.FromMinutes(30), logOutput: true));

    // Both ways of a case stand side by side, though they run so many times each.
    private sealed class CaseByCase : IOrderer
    {
        public bool SeparateLogicalGroups => true;

        public IEnumerable<BenchmarkCase> GetExecutionOrder(
            ImmutableArray<BenchmarkCase> benchmarksCase, IEnumerable<BenchmarkLogicalGroupRule>? order = null) => Ordered(benchmarksCase);

        public IEnumerable<BenchmarkCase> GetSummaryOrder(ImmutableArray<BenchmarkCase> benchmarksCases, Summary summary) => Ordered(benchmarksCases);

        public string? GetHighlightGroupKey(BenchmarkCase benchmarkCase) => null;

        public string GetLogicalGroupKey(ImmutableArray<BenchmarkCase> allBenchmarksCases, BenchmarkCase benchmarkCase) => benchmarkCase.Parameters.DisplayInfo;

        public IEnumerable<IGrouping<string, BenchmarkCase>> GetLogicalGroupOrder(
            IEnumerable<IGrouping<string, BenchmarkCase>> logicalGroups, IEnumerable<BenchmarkLogicalGroupRule>? order = null) => logicalGroups;

        private static IEnumerable<BenchmarkCase> Ordered(IEnumerable<BenchmarkCase> cases) =>
            cases.OrderBy(c => c.Parameters[nameof(InvoiceSyncBenchmarks.Case)])
                .ThenBy(c => c.Parameters[nameof(InvoiceSyncBenchmarks.LatencyMs)]).ThenBy(c => !c.Descriptor.Baseline);
    }
}
