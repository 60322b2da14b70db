using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using BubbleSync.Etl.Reports;
using BubbleSync.Server.Api;
using BubbleSync.Server.Runs;

namespace BubbleSync.Tests.Server;

/// <summary>The API as a typed client: one method for each operation of the description.</summary>
internal sealed class ServerClient : IDisposable
{
    private static readonly JsonSerializerOptions Options = MakeOptions();

    private readonly HttpClient _http;

    public ServerClient(Uri address, string? key)
    {
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        if (key is not null)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public HttpClient Http => _http;

    public async Task<AcceptedRun> SyncAsync(RunOrder order, string? key = null)
    {
        using var answer = await PostSyncAsync(order, key);
        return await ReadAsync<AcceptedRun>(answer, HttpStatusCode.Accepted);
    }

    public async Task<HttpResponseMessage> PostSyncAsync(RunOrder order, string? key = null, string app = ServerFixture.App)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/apps/{app}/syncs")
        {
            Content = JsonContent.Create(order, ServerJson.Default.RunOrder),
        };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await _http.SendAsync(request);
    }

    public async Task<HttpStatusCode> AddChangeAsync(string type, string id)
    {
        using var answer = await _http.PostAsJsonAsync($"/api/v1/apps/{ServerFixture.App}/changes", new Change(type, id), ServerJson.Default.Change);
        return answer.StatusCode;
    }

    public Task<RunPage> RunsAsync(int limit, Guid? cursor = null) =>
        GetAsync<RunPage>($"/api/v1/apps/{ServerFixture.App}/runs?limit={limit}{(cursor is null ? "" : $"&cursor={cursor}")}");

    public Task<IReadOnlyList<AppView>> AppsAsync() => GetAsync<IReadOnlyList<AppView>>("/api/v1/apps");

    public Task<RangeCount> CountAsync(string entity, string from, string to) =>
        GetAsync<RangeCount>($"/api/v1/apps/{ServerFixture.App}/count?entity={entity}&from={from}&to={to}");

    public Task<StatusReport> StatusAsync() => GetAsync<StatusReport>($"/api/v1/apps/{ServerFixture.App}/status?offline=true");

    public Task<PlanReport> PlanAsync() => GetAsync<PlanReport>($"/api/v1/apps/{ServerFixture.App}/plan");

    public Task<LinkAuditReport> LinksAsync() => GetAsync<LinkAuditReport>($"/api/v1/apps/{ServerFixture.App}/links");

    public Task<IReadOnlyList<KeptFieldAudit>> CoverageAsync() => GetAsync<IReadOnlyList<KeptFieldAudit>>($"/api/v1/apps/{ServerFixture.App}/coverage");

    public Task<SchemaAuditReport> SchemaAsync() => GetAsync<SchemaAuditReport>($"/api/v1/apps/{ServerFixture.App}/schema");

    public async Task<SchemaAuditReport?> ApplySchemaAsync(string ddl)
    {
        using var answer = await _http.PostAsJsonAsync($"/api/v1/apps/{ServerFixture.App}/schema", new SchemaChange(ddl), ServerJson.Default.SchemaChange);
        return answer.StatusCode == HttpStatusCode.Conflict ? null : await ReadAsync<SchemaAuditReport>(answer, HttpStatusCode.OK);
    }

    public Task<JsonObject> RunAsync(Guid run) => GetAsync<JsonObject>($"/api/v1/runs/{run}");

    public Task<JsonArray> RejectedAsync(Guid run, bool values) => GetAsync<JsonArray>($"/api/v1/runs/{run}/rejected?values={(values ? "true" : "false")}");

    public async Task<HttpStatusCode> CancelAsync(Guid run)
    {
        using var answer = await _http.PostAsync(new Uri($"/api/v1/runs/{run}/cancel", UriKind.Relative), null);
        return answer.StatusCode;
    }

    /// <summary>The states of a run until it has ended.</summary>
    public async IAsyncEnumerable<RunView> WatchAsync(Guid run, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stream = await _http.GetStreamAsync($"/api/v1/runs/{run}/events", cancellationToken);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
            yield return JsonSerializer.Deserialize<RunView>(item.Data, Options)!;
    }

    /// <summary>Orders a run, waits until it has ended, and returns its result.</summary>
    public async Task<JsonObject> FinishAsync(RunOrder order, CancellationToken cancellationToken)
    {
        var run = await SyncAsync(order);
        await foreach (var _ in WatchAsync(run.RunId, cancellationToken))
        {
        }

        return await RunAsync(run.RunId);
    }

    public void Dispose() => _http.Dispose();

    private async Task<T> GetAsync<T>(string address)
    {
        using var answer = await _http.GetAsync(new Uri(address, UriKind.Relative));
        return await ReadAsync<T>(answer, HttpStatusCode.OK);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, HttpStatusCode expected)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Xunit.Assert.True(answer.StatusCode == expected, $"{answer.RequestMessage?.RequestUri}: {answer.StatusCode}: {text}");
        return JsonSerializer.Deserialize<T>(text, Options)!;
    }

    private static JsonSerializerOptions MakeOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        options.TypeInfoResolverChain.Add(ServerJson.Default);
        ReportJson.AddTo(options);
        options.TypeInfoResolverChain.Add(new DefaultJsonTypeInfoResolver());
        return options;
    }
}
