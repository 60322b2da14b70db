using BenchmarkDotNet.Running;
using BubbleSync.Benchmarks.EndToEnd;

if (args is ["e2e", .. var words])
    return await EndToEndBenchmark.RunAsync(words);

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
