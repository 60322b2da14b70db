using System.Text.Json;
using BubbleSync.Skeleton;
using Npgsql;

// The same variables as the program's. "drain" reads every page and throws it away.
static string Setting(string name) =>
    Environment.GetEnvironmentVariable($"BUBBLESYNC_{name}") ?? throw new InvalidOperationException($"BUBBLESYNC_{name} is not set.");

using var api = new PageReader(Setting("Bubble__BaseUrl"), Setting("Bubble__ApiToken"));
var maps = EntityMapFile.ReadAll(Path.Combine(AppContext.BaseDirectory, "entities"));
await using var database = args is ["drain"] ? null : new NpgsqlSlimDataSourceBuilder(Setting("Postgres__ConnectionString")).Build();

var transfers = await Task.WhenAll(maps.Select(map => Transfer.OpenAsync(map, api, database)));
await Parallel.ForEachAsync(
    transfers.SelectMany(transfer => transfer.Pages.Select(page => (Transfer: transfer, Page: page))),
    new ParallelOptions { MaxDegreeOfParallelism = PageReader.InFlight },
    async (one, token) => await one.Transfer.TakeAsync(one.Page, token));
await Task.WhenAll(transfers.Select(t => t.Ended));

Console.WriteLine(JsonSerializer.Serialize(new { calls = api.Calls, records = transfers.Sum(t => t.Records) }));
