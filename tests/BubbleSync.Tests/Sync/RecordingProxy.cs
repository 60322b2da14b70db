using System.Net;
using System.Net.Http.Headers;
using BubbleSync.Tests.Resync;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace BubbleSync.Tests.Sync;

/// <summary>Stands between the engine and the simulator, and changes some answers: a refusal, another body, or constraints ignored.</summary>
internal sealed class RecordingProxy : IAsyncDisposable
{
    /// <summary>Has the constraints ignored.</summary>
    public static readonly Meddling Ignore = new(null);

    private readonly WebApplication _app;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private readonly Func<string, string, Meddling?> _rule;

    private RecordingProxy(Uri bubble, Func<string, string, Meddling?> rule)
    {
        _rule = rule;
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(context => AnswerAsync(new Uri(bubble, context.Request.Path), context));
    }

    /// <summary>Has searches refused with a status.</summary>
    public static Meddling Refuse(int status) => new(status);

    /// <summary>Has a request answered with this body.</summary>
    public static Meddling Say(int status, string body) => new(status, body);

    /// <summary>Puts itself before the fixture's simulator.</summary>
    /// <param name="fixture">The fixture.</param>
    /// <param name="rule">Says by type and constraints what to do to a search; null to let it pass.</param>
    public static async Task<RecordingProxy> StartAsync(SyncFixture fixture, Func<string, string, Meddling?> rule)
    {
        var between = new RecordingProxy(fixture.Bubble.BaseUrl, rule);
        await between._app.StartAsync(fixture.Limit);
        var address = new Uri(new Uri(between._app.Urls.First()), fixture.Bubble.BaseUrl.AbsolutePath + "/");
        await fixture.MoveAsync(address);
        return between;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task AnswerAsync(Uri bubble, HttpContext context)
    {
        var query = context.Request.Query.ToDictionary(q => q.Key, q => q.Value.ToString());
        var meddling = _rule(bubble.Segments[^1], query.GetValueOrDefault("constraints", ""));
        if (meddling is { Status: { } status })
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(meddling.Body);
            return;
        }

        if (meddling is not null)
            query.Remove("constraints");
        var address = $"{bubble}?{string.Join('&', query.Select(q => $"{Uri.EscapeDataString(q.Key)}={Uri.EscapeDataString(q.Value)}"))}";
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(context.Request.Headers.Authorization.ToString());
        using var answer = await _http.SendAsync(request, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}

/// <summary>What is done to a search.</summary>
/// <param name="Status">The status it is answered with; null to have its constraints ignored.</param>
/// <param name="Body">The body of that answer.</param>
internal sealed record Meddling(int? Status, string Body = """{"body": {"status": "ERROR", "message": "not this one"}}""");
