using BenchmarkDotNet.Attributes;
using BubbleSync.Etl.Bubble.Throttling;

namespace BubbleSync.Benchmarks;

/// <summary>What the throttle costs a request that it does not hold up for its pace, beside a bare semaphore and no gate at all.</summary>
[MemoryDiagnoser]
public class ThrottleBenchmarks
{
    private const int Places = 8;
    private const int Requests = 4096;

    private readonly SemaphoreSlim _semaphore = new(Places);
    private Throttle _throttle = null!;
    private int _passed;

    /// <summary>One never waits; of 32, most do.</summary>
    [Params(1, 32)]
    public int Callers { get; set; }

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _throttle = new Throttle(Places, int.MaxValue, TimeProvider.System);
        foreach (var way in new[] { Throttle, Semaphore, Nothing })
        {
            _passed = 0;
            await way();
            if (_passed != Requests || _throttle.InFlight != 0 || _semaphore.CurrentCount != Places)
                throw new InvalidOperationException($"{_passed} of {Requests} passed, {_throttle.InFlight} are still in: the numbers would mean nothing.");
        }
    }

    [GlobalCleanup]
    public void CleanUp() => _semaphore.Dispose();

    [Benchmark(OperationsPerInvoke = Requests)]
    public Task Throttle() => PassAsync(() => _throttle.EnterAsync(0, CancellationToken.None), () => _throttle.Leave(0));

    [Benchmark(OperationsPerInvoke = Requests, Baseline = true)]
    public Task Semaphore() => PassAsync(() => _semaphore.WaitAsync(CancellationToken.None), () => _semaphore.Release());

    [Benchmark(OperationsPerInvoke = Requests)]
    public Task Nothing() => PassAsync(() => Task.CompletedTask, () => { });

    private Task PassAsync(Func<Task> enter, Action leave) => Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => CallAsync(enter, leave)));

    private async Task CallAsync(Func<Task> enter, Action leave)
    {
        for (var sent = 0; sent < Requests / Callers; sent++)
        {
            await enter();
            // A request gives the thread away while it is under way.
            await Task.Yield();
            Interlocked.Increment(ref _passed);
            leave();
        }
    }
}
