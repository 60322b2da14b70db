using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Simulator;

/// <summary>A simulator and a client that talks to it over real HTTP.</summary>
internal sealed class SimulatorFixture : IAsyncDisposable
{
    private SimulatorFixture(SimulatorServer server, HttpClient http) => (Server, Http) = (server, http);

    public SimulatorServer Server { get; }

    public HttpClient Http { get; }

    public static CancellationToken Limit => new CancellationTokenSource(TimeSpan.FromSeconds(10)).Token;

    public static Task<SimulatorFixture> StartAsync(int invoices = 100, params string[] faults) =>
        StartAsync(new SimulatorOptions { Invoices = invoices, Faults = faults });

    public static async Task<SimulatorFixture> StartAsync(SimulatorOptions options)
    {
        var server = await SimulatorServer.StartAsync(options, CancellationToken.None);
        var http = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All }) { BaseAddress = new(server.BaseUrl + "/") };
        http.DefaultRequestHeaders.Authorization = new("Bearer", options.Token);
        return new(server, http);
    }

    public Task<HttpResponseMessage> GetAsync(string path) => Http.GetAsync(new Uri(path, UriKind.Relative), Limit);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string body, string contentType = "application/json") =>
        Http.SendAsync(
            new(method, new Uri(path, UriKind.Relative)) { Content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue(contentType)) },
            Limit);

    public async Task<JsonObject> ListAsync(string type, params (string Name, string Value)[] query)
    {
        var text = string.Join('&', query.Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value)}"));
        using var answer = await GetAsync($"obj/{type}?{text}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync(Limit))!["response"]!.AsObject();
    }

    public Task<JsonObject> FindAsync(string type, string key, string constraint, object? value) =>
        ListAsync(type, ("constraints", Where((key, constraint, value))));

    /// <summary>Reads page after page until one comes back empty.</summary>
    public async Task<List<JsonObject>> ReadAsync(string type, params (string Name, string Value)[] query)
    {
        var rows = new List<JsonObject>();
        while (true)
        {
            var page = await ListAsync(type, [.. query, ("cursor", $"{rows.Count}")]);
            if (page.Rows().Count == 0)
                return rows;
            rows.AddRange(page.Rows());
        }
    }

    public static string Where(params (string Key, string Type, object? Value)[] constraints) =>
        JsonSerializer.Serialize(constraints.Select(one => one.Value is null
            ? new Dictionary<string, object> { ["key"] = one.Key, ["constraint_type"] = one.Type }
            : new Dictionary<string, object> { ["key"] = one.Key, ["constraint_type"] = one.Type, ["value"] = one.Value }));

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
    }
}
