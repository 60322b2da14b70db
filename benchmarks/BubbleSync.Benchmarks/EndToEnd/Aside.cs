using System.Diagnostics;
using Npgsql;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>What is run once, beside the rounds: the old way, and the program under a limit of requests a minute.</summary>
internal sealed class Aside(BenchmarkSetup setup, SimulatedApp app, Figures figures)
{
    private const int ThrottledSeconds = 20;
    private const int PageSize = 100;

    private readonly Gauge _gauge = new(setup.Databases, setup.Tables, app);

    /// <summary>Loads all invoices and what they name into empty tables, by a request and an insert for each record.</summary>
    public async Task RowsAsync()
    {
        var ids = await setup.Tables.IdsAsync(Way.Program, setup.Tables.Maps.Single(m => m.Name == "invoice"), 1);
        await setup.Databases.RenewAsync(Way.Rows);
        figures.Add(Situation.First, Way.Rows, await _gauge.MeasureAsync(Way.Rows, async () =>
        {
            await using var database = NpgsqlDataSource.Create(setup.Databases.ConnectionString(Way.Rows));
            using var loader = new RowByRow(setup.Tables.Maps, database, new Uri($"{app.BaseUrl}/"), app.Token);
            var watch = Stopwatch.StartNew();
            await loader.SyncAsync(ids);
            return new() { Seconds = watch.Elapsed.TotalSeconds, Calls = loader.Calls };
        }));
    }

    /// <summary>Loads everything into empty tables, under the limit that is wanted, else at a pace at which the pages alone take a third of a minute.</summary>
    public async Task ThrottledAsync()
    {
        var records = figures.Records ?? 0;
        var perMinute = setup.Options.Limit ?? Math.Max(1, (int)(records / PageSize * 60 / ThrottledSeconds));
        await setup.Databases.RenewAsync(Way.Throttled);
        var measured = await _gauge.MeasureAsync(
            Way.Throttled, async () => (await setup.Program.ResyncAsync(setup.Databases.ConnectionString(Way.Throttled), app, perMinute)).Measured);
        figures.Add(Situation.First, Way.Throttled, measured with
        {
            Tail = await setup.Tables.TailAsync(Way.Throttled),
            OfCeiling = records / (perMinute * PageSize / 60.0 * measured.Seconds),
        });
    }
}
