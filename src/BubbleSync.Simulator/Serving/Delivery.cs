using BubbleSync.Simulator.Faults;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace BubbleSync.Simulator.Serving;

/// <summary>Sends answers, whole or broken.</summary>
internal sealed class Delivery(SimulatorOptions options, FaultSettings faults, SimulatorTraffic traffic, CancellationToken closing)
{
    private const int Drops = 20;

    public async Task SendAsync(HttpContext context, Answer answer)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, closing);
        if (faults.Strikes("stall"))
            await Task.Delay(Timeout.InfiniteTimeSpan, options.Time, ended.Token);

        var body = faults.Strikes("truncated") ? answer.Body[..(answer.Body.Length / 2)] : answer.Body;
        body = Announce(context, answer, body);
        if (faults.Strikes("reset"))
            await ResetAsync(context, body);
        else if (faults.Strikes("truncated-http"))
            await SendHalfAsync(context, body);
        else if (faults.Strikes("drip"))
            await DripAsync(context, body, ended.Token);
        else if (body.Length > 0)
            await context.Response.Body.WriteAsync(body, ended.Token);
    }

    private ReadOnlyMemory<byte> Announce(HttpContext context, Answer answer, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.Headers.Date = options.Time.GetUtcNow().ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        if (answer.RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (body.Length == 0)
            return body;

        response.ContentType = answer.ContentType;
        if (options.Compression && Compression.Apply(context.Request, body) is var (encoding, compressed))
        {
            traffic.AddCompressed();
            response.Headers.ContentEncoding = encoding;
            body = compressed;
        }

        response.ContentLength = body.Length;
        return body;
    }

    // Kestrel closes a connection in good order when fewer bytes were sent than announced.
    private static async Task SendHalfAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        await context.Response.Body.WriteAsync(body[..(body.Length / 2)], context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    // A socket that lingers for no time is closed with a reset.
    private static async Task ResetAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        await SendHalfAsync(context, body);
        if (context.Features.Get<IConnectionSocketFeature>() is { } connection)
            connection.Socket.LingerState = new(true, 0);
        context.Abort();
    }

    private async Task DripAsync(HttpContext context, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var drop = Math.Max(1, (body.Length + Drops - 1) / Drops);
        for (var at = 0; at < body.Length; at += drop)
        {
            await context.Response.Body.WriteAsync(body.Slice(at, Math.Min(drop, body.Length - at)), cancellationToken);
            await context.Response.Body.FlushAsync(cancellationToken);
            await Task.Delay(options.DripPause, options.Time, cancellationToken);
        }
    }
}
