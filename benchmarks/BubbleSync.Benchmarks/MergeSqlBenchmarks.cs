using BenchmarkDotNet.Attributes;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Transform;
using Npgsql;

namespace BubbleSync.Benchmarks;

/// <summary>What bringing 7,000 staged invoice items into their table costs by one guarded merge, beside three plainer forms.</summary>
[MemoryDiagnoser]
public class MergeSqlBenchmarks
{
    private StagingDatabase _database = null!;
    private PlainUpserts _plain = null!;
    private string _guarded = "";
    private List<string> _ids = [];

    public enum MergeCase
    {
        FirstLoad,
        NothingChanged,
        TenthChanged,
    }

    [ParamsAllValues]
    public MergeCase Case { get; set; }

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _database = await StagingDatabase.OpenAsync("invoice_item");
        _plain = new PlainUpserts(_database.Staging);
        _guarded = new MergeSql(_database.Plan, _database.Staging, force: false).Merge();
        var mapper = new RecordMapper(_database.Plan);
        foreach (var body in await PageSource.BodiesAsync("invoice_item", 2000))
            await _database.StageAsync(mapper, PageSource.Page(body));
        await _database.ExecuteAsync(
            $"{_plain.Merge}; create table loaded as select * from {_database.Plan.Table}; create index on {_database.Staging.Name} (bubble_id)");
        if (Case == MergeCase.TenthChanged)
            await _database.ExecuteAsync($"update {_database.Staging.Name} set modified_date = modified_date + interval '1 day', description = 'changed' "
                + "where hashtext(bubble_id) % 10 = 0");
        await _database.ExecuteAsync($"vacuum (analyze) {_database.Staging.Name}");
        _ids = await _database.IdsAsync();
        await CompareAsync();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync() => await _database.DisposeAsync();

    [IterationSetup]
    public void Begin() => BeginAsync().GetAwaiter().GetResult();

    [Benchmark]
    public Task<long> Guarded() => _database.ExecuteAsync(_guarded);

    [Benchmark]
    public Task<long> Unguarded() => _database.ExecuteAsync(_plain.Merge);

    [Benchmark]
    public Task<long> OnConflict() => _database.ExecuteAsync(_plain.OnConflict);

    [Benchmark(Baseline = true)]
    public async Task<long> RowByRow()
    {
        await using var command = new NpgsqlCommand(_plain.One, _database.Connection) { Parameters = { new NpgsqlParameter<string>() } };
        await command.PrepareAsync();
        var written = 0L;
        foreach (var id in _ids)
        {
            ((NpgsqlParameter<string>)command.Parameters[0]).TypedValue = id;
            written += await command.ExecuteNonQueryAsync();
        }

        return written;
    }

    private async Task BeginAsync()
    {
        await _database.ExecuteAsync($"truncate {_database.Plan.Table}");
        if (Case != MergeCase.FirstLoad)
            await _database.ExecuteAsync($"insert into {_database.Plan.Table} select * from loaded");
        await _database.ExecuteAsync($"vacuum (analyze) {_database.Plan.Table}");
        await _database.ExecuteAsync("checkpoint");
    }

    private async Task CompareAsync()
    {
        var sums = new HashSet<string>();
        foreach (var way in new[] { Guarded, Unguarded, OnConflict, RowByRow })
        {
            await BeginAsync();
            await way();
            sums.Add(await _database.ScalarAsync<string>("select count(*) || ' ' || md5(string_agg((to_jsonb(t) - 'id' - 'last_synced_at')::text, '' order "
                + $"by bubble_id)) from {_database.Plan.Table} t"));
        }

        if (sums.Count != 1 || _ids.Count < 5000)
            throw new InvalidOperationException($"The ways left different rows: {string.Join(", ", sums)}.");
    }
}
