using BenchmarkDotNet.Attributes;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Benchmarks;

/// <summary>What syncing invoices with everything around them costs in calls and time, beside the plain way: a request and an insert for each record.</summary>
[Config(typeof(CallsAndTimeConfig))]
public class InvoiceSyncBenchmarks
{
    private SyncBenchmarkFixture _scene = null!;
    private IReadOnlyList<string> _ids = [];
    private string _way = "";

    public enum SyncCase
    {
        OneInvoice,
        HundredInvoices,
        HundredUnchanged,
    }

    [ParamsAllValues]
    public SyncCase Case { get; set; }

    [Params(0, 50, 200, Priority = 1)]
    public int LatencyMs { get; set; }

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _scene = await SyncBenchmarkFixture.OpenAsync();
        _ids = [.. Case == SyncCase.OneInvoice ? _scene.Invoices(payments: 3, items: 4).Take(1) : _scene.Invoices(payments: 1, items: 1).Take(100)];
        await CompareAsync();
        _scene.Delay(TimeSpan.FromMilliseconds(LatencyMs));
    }

    [GlobalCleanup]
    public async Task CleanUpAsync() => await _scene.DisposeAsync();

    [IterationSetup]
    public void Begin()
    {
        if (Case != SyncCase.HundredUnchanged)
            _scene.Truncate();
        _scene.Mark();
    }

    [IterationCleanup]
    public void End() => CountColumn.Note(_way, LatencyMs, Case, _scene.Calls, _scene.Written());

    [Benchmark(Baseline = true)]
    public Task RowByRow()
    {
        _way = nameof(RowByRow);
        return _scene.RowByRow.SyncAsync(_ids);
    }

    [Benchmark]
    public async Task Bubblesync()
    {
        _way = nameof(Bubblesync);
        var report = await _scene.Engine.SyncInvoicesAsync(_ids, new InvoiceSyncOptions(), null, CancellationToken.None);
        if (!report.Success)
            throw new InvalidOperationException($"The sync failed: {report.ToJson()}");
    }

    // Both must leave the same rows, the same patches run over them, and a second sync must write none: else the numbers would mean nothing.
    private async Task CompareAsync()
    {
        await RowByRow();
        await _scene.Engine.PatchAsync([], CancellationToken.None);
        var expected = await _scene.RowsAsync();

        _scene.Truncate();
        await Bubblesync();
        var rows = await _scene.RowsAsync();
        if (_ids.Count == 0 || rows.Count <= _ids.Count || !rows.SequenceEqual(expected))
            throw new InvalidOperationException($"{_ids.Count} invoices: {rows.Count} rows beside {expected.Count}. Different: "
                + $"{string.Join('\n', rows.Except(expected).Concat(expected.Except(rows)).Take(2))}");

        _scene.Mark();
        await Bubblesync();
        if (_scene.Written() is var written and not 0)
            throw new InvalidOperationException($"Nothing had changed, and {written} rows were written.");
    }
}
