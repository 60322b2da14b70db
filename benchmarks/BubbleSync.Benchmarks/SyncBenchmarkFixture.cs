using System.Text.Json;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using Npgsql;

namespace BubbleSync.Benchmarks;

/// <summary>
/// The embedded PostgreSQL, a simulated Bubble app of 2,000 invoices that takes any number of calls a minute, and both ways to sync invoices between them.
/// </summary>
internal sealed class SyncBenchmarkFixture : IAsyncDisposable
{
    private readonly EmbeddedPostgresServer _server;
    private readonly SimulatorServer _bubble;
    private readonly NpgsqlDataSource _database;
    private readonly IReadOnlyList<EntityMap> _maps;
    private long _mark;

    private SyncBenchmarkFixture(EmbeddedPostgresServer server, SimulatorServer bubble)
    {
        (_server, _bubble) = (server, bubble);
        _database = NpgsqlDataSource.Create(server.ConnectionString);
        var settings = SettingsFile.Read(
            Path.Combine(AppContext.BaseDirectory, "config", "bubblesync.json"), new Dictionary<string, string>(), new Dictionary<string, string>());
        var bubbleSettings =
            settings.Bubble with { BaseUrl = new Uri($"{bubble.BaseUrl}/"), ApiToken = new SimulatorOptions().Token, RequestsPerMinute = 1_000_000 };
        Engine = new SyncEngine(settings with { Bubble = bubbleSettings, Postgres = settings.Postgres with { ConnectionString = server.ConnectionString } });
        _maps = EntityMapReader.Read(settings.Run.Entities);
        RowByRow = new RowByRow(_maps, _database, bubbleSettings.BaseUrl, bubbleSettings.ApiToken);
    }

    public SyncEngine Engine { get; }

    public RowByRow RowByRow { get; }

    /// <summary>Requests since the last mark.</summary>
    public long Calls => _bubble.Traffic.Requests;

    public static async Task<SyncBenchmarkFixture> OpenAsync()
    {
        var home = Environment.GetEnvironmentVariable("BUBBLESYNC_HOME") is { Length: > 0 } set ? set : ".bubblesync";
        var server = await EmbeddedPostgresServer.StartAsync(
            new() { Folder = Path.Combine(home, $"postgres-{Environment.ProcessId}"), Temporary = true }, CancellationToken.None);
        var scene = new SyncBenchmarkFixture(server, await SimulatorServer.StartAsync(new(), CancellationToken.None));
        await scene.Engine.ApplySchemaAsync(CancellationToken.None);
        return scene;
    }

    /// <summary>Lets every call take this long.</summary>
    public void Delay(TimeSpan latency) => _bubble.Traffic.OnRequest = latency > TimeSpan.Zero ? _ => Task.Delay(latency) : null;

    /// <summary>
    /// Invoices that name an agent with a login, a customer, a creator, a SEDA registration, and so many payments and items or more, all of them there; the
    /// oldest first.
    /// </summary>
    public IEnumerable<string> Invoices(int payments, int items)
    {
        foreach (var invoice in _bubble.Records.All("invoice").Select(Parse))
        {
            var agent = Named(invoice, "Linked Agent", "agent").Take(1).ToList();
            if (agent.Count == 1 && Named(agent[0], "Linked User Login", "user").Any() && Named(invoice, "Linked Customer", "Customer_Profile").Any()
                && Named(invoice, "Created By", "user").Any() && Named(invoice, "Linked SEDA registration", "seda_registration").Any()
                && Named(invoice, "Linked Payment", "payment", "submit_payment").Count() >= payments
                    && Named(invoice, "Linked Invoice Item", "invoice_item").Count() >= items)
                yield return invoice.GetProperty("_id").GetString()!;
        }
    }

    /// <summary>Empties all target tables.</summary>
    public void Truncate() => Execute($"truncate {string.Join(", ", _maps.Select(m => $"\"{m.Table}\""))}");

    /// <summary>Counts calls and written rows from now on.</summary>
    public void Mark()
    {
        _bubble.Traffic.Reset();
        _mark = (long)Execute("select txid_current()")!;
    }

    /// <summary>Rows that the target tables hold and that were written since the mark.</summary>
    public long Written() => _maps.Sum(m => (long)Execute($"select count(*) from \"{m.Table}\" where xmin::text::bigint > {_mark}")!);

    /// <summary>All rows of all target tables, less what says when and in which order they were written.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync()
    {
        var rows = new List<string>();
        foreach (var map in _maps)
        {
            await using var command = _database.CreateCommand(
                $"select (to_jsonb(t) - 'id' - 'last_synced_at')::text from \"{map.Table}\" t order by \"{map.Key}\"");
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                rows.Add($"{map.Name} {reader.GetString(0)}");
        }

        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        RowByRow.Dispose();
        await _bubble.DisposeAsync();
        await _database.DisposeAsync();
        await _server.DisposeAsync();
    }

    private object? Execute(string sql)
    {
        using var command = _database.CreateCommand(sql);
        return command.ExecuteScalar();
    }

    private IEnumerable<JsonElement> Named(JsonElement record, string field, params string[] types)
    {
        if (!record.TryGetProperty(field, out var value))
            return [];

        var ids = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(i => i.GetString()!) : [value.GetString()!];
        return ids.Select(id => types.Select(t => _bubble.Records.Get(t, id)).FirstOrDefault(r => r is not null)).OfType<string>().Select(Parse);
    }

    private static JsonElement Parse(string json) => JsonSerializer.Deserialize<JsonElement>(json);
}
