using BenchmarkDotNet.Attributes;
using BubbleSync.Etl.Transform;

namespace BubbleSync.Benchmarks;

/// <summary>
/// What a page of invoice items costs from bytes to committed rows in staging: by the mapper's own COPY format, by Npgsql's importer, by inserts.
/// </summary>
[MemoryDiagnoser]
public class CopyBufferBenchmarks
{
    private StagingDatabase _database = null!;
    private PlainStaging _plain = null!;
    private RecordMapper _mapper = null!;
    private byte[] _body = [];

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _database = await StagingDatabase.OpenAsync("invoice_item");
        _plain = new PlainStaging(_database);
        _mapper = new RecordMapper(_database.Plan);
        _body = await PageSource.BodyAsync("invoice_item");
        await CompareAsync();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync() => await _database.DisposeAsync();

    [IterationCleanup]
    public void End() => _database.ExecuteAsync(_database.Staging.Empty).GetAwaiter().GetResult();

    [Benchmark(OperationsPerInvoke = 50)]
    public async Task Copy()
    {
        for (var page = 0; page < 50; page++)
            await _database.StageAsync(_mapper, PageSource.Page(_body));
    }

    [Benchmark(OperationsPerInvoke = 50)]
    public async Task Importer()
    {
        for (var page = 0; page < 50; page++)
            await _plain.ImportAsync(_body);
    }

    [Benchmark(OperationsPerInvoke = 50, Baseline = true)]
    public async Task Inserts()
    {
        for (var page = 0; page < 50; page++)
            await _plain.InsertAsync(_body);
    }

    private async Task CompareAsync()
    {
        var sums = new HashSet<string>();
        foreach (var way in new[] { Copy, Importer, Inserts })
        {
            await way();
            sums.Add(await _database.ScalarAsync<string>("select count(*) || ' ' || md5(string_agg((to_jsonb(s) - '_read')::text, '' order by bubble_id)) "
                + $"from {_database.Staging.Name} s"));
            End();
        }

        if (sums.Count != 1)
            throw new InvalidOperationException($"The ways left different rows: {string.Join(", ", sums)}.");
    }
}
