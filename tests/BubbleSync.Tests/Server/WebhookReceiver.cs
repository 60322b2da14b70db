using System.Collections.Concurrent;
using System.Net;
using BubbleSync.Server.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace BubbleSync.Tests.Server;

/// <summary>Receives what is posted to a webhook, and answers in turn with the status codes that it was given; the last one for all later posts.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly int[] _statuses;

    private WebhookReceiver(WebApplication app, int[] statuses) => (_app, _statuses) = (app, statuses);

    public string Address => $"{_app.Urls.First()}/hook";

    public ConcurrentQueue<(string Body, string Signature)> Received { get; } = [];

    public static async Task<WebhookReceiver> StartAsync(params int[] statuses)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var receiver = new WebhookReceiver(builder.Build(), statuses);
        receiver._app.Run(receiver.TakeAsync);
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>Waits for so many posts.</summary>
    public async Task<IReadOnlyList<(string Body, string Signature)>> WaitAsync(int posts, CancellationToken cancellationToken)
    {
        for (var post = 0; post < posts; post++)
            await _arrived.WaitAsync(cancellationToken);
        return [.. Received];
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _arrived.Dispose();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        context.Response.StatusCode = _statuses[Math.Min(Received.Count, _statuses.Length - 1)];
        Received.Enqueue((await reader.ReadToEndAsync(), context.Request.Headers[WebhookSender.SignatureHeader].ToString()));
        _arrived.Release();
    }
}
