using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using BubbleSync.Etl.Pipeline;

namespace BubbleSync.Benchmarks;

/// <summary>What it costs to hand a page through three stages that do nothing, beside a plain loop and beside bounded channels.</summary>
[MemoryDiagnoser]
public class RunPipelineBenchmarks
{
    private const int Pages = 10_000;
    private const int Capacity = 8;

    private long _sum;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        foreach (var way in new[] { RunPipeline, Channels, Loop })
        {
            _sum = 0;
            await way();
            if (_sum != 2L * Pages * (Pages - 1) / 2)
                throw new InvalidOperationException($"Not every page arrived once: {_sum}.");
        }
    }

    [Benchmark(OperationsPerInvoke = Pages)]
    public async Task RunPipeline()
    {
        using var run = new RunPipeline(Capacity, CancellationToken.None);
        var line = run.Line<Page>("page").Then("map", Map).Into("stage", (page, _) => StageAsync(page));
        run.Step("read", "page", _ => line.PassAsync(ReadAsync()));
        await run.RunAsync();
    }

    [Benchmark(OperationsPerInvoke = Pages)]
    public async Task Channels()
    {
        var (read, mapped) = (Channel.CreateBounded<Page>(Capacity), Channel.CreateBounded<Page>(Capacity));
        await Task.WhenAll(
            Task.Run(async () =>
            {
                await foreach (var page in ReadAsync())
                    await read.Writer.WriteAsync(page);
                read.Writer.Complete();
            }),
            Task.Run(async () =>
            {
                await foreach (var page in read.Reader.ReadAllAsync())
                    await mapped.Writer.WriteAsync(Map(page));
                mapped.Writer.Complete();
            }),
            Task.Run(async () =>
            {
                await foreach (var page in mapped.Reader.ReadAllAsync())
                    await StageAsync(page);
            }));
    }

    [Benchmark(OperationsPerInvoke = Pages, Baseline = true)]
    public async Task Loop()
    {
        await foreach (var page in ReadAsync())
            await StageAsync(Map(page));
    }

    private static async IAsyncEnumerable<Page> ReadAsync()
    {
        for (var number = 0; number < Pages; number++)
        {
            await Task.CompletedTask;
            yield return new Page(number);
        }
    }

    private static Page Map(Page page) => new(page.Number * 2);

    private Task StageAsync(Page page)
    {
        _sum += page.Number;
        return Task.CompletedTask;
    }

    private sealed record Page(int Number);
}
