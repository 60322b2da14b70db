using BenchmarkDotNet.Running;
using BubbleSync.Benchmarks.Charts;
using BubbleSync.Benchmarks.EndToEnd;
using BubbleSync.Benchmarks.Rivals;

switch (args)
{
    case ["e2e", .. var words]:
        return await EndToEndBenchmark.RunAsync(words);
    case ["rivals", .. var words]:
        return await RivalsBenchmark.RunAsync(words);
    case ["charts"]:
        await ResultCharts.DrawAsync(Path.Combine("benchmarks", "results"));
        return 0;
}

// Nothing measured, or not all of it, is a failure, unless only a question was asked.
var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args).ToList();
var isQuestion = args.Any(word => word is "--help" or "--list" or "--info");
return isQuestion
    || (summaries.Count > 0 && summaries.All(s => !s.HasCriticalValidationErrors && s.Reports.Length > 0 && s.Reports.All(r => r.Success))) ? 0 : 1;
