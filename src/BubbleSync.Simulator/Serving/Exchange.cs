using System.Globalization;
using BubbleSync.Simulator.Faults;
using BubbleSync.Simulator.Generation;
using Microsoft.AspNetCore.Http;

namespace BubbleSync.Simulator.Serving;

/// <summary>One request from its arrival to its answer: counted, delayed, checked, throttled, perhaps spoilt, answered.</summary>
internal sealed class Exchange(SimulatorOptions options, FaultSettings faults, Api api, SimulatorTraffic traffic, CancellationToken closing)
{
    private readonly Throttle _throttle = new(options.RequestsPerMinute, options.Time);
    private readonly Delivery _delivery = new(options, faults, traffic, closing);

    public async Task HandleAsync(HttpContext context)
    {
        var number = traffic.Enter();
        try
        {
            if (options.Latency > TimeSpan.Zero)
                await Task.Delay(options.Latency, options.Time, context.RequestAborted);
            using var output = new Utf8Output();
            var answer = await AnswerAsync(context, number, output);
            await _delivery.SendAsync(context, answer);
        }
        catch (OperationCanceledException)
        {
            // The client went away or the simulator closes: nobody waits for this answer.
            context.Abort();
        }
        finally
        {
            traffic.Leave();
        }
    }

    private async Task<Answer> AnswerAsync(HttpContext context, long number, Utf8Output output)
    {
        var route = Route.Of(context.Request.Method, context.Request.Path.Value ?? "");
        try
        {
            TokenCheck.Demand(options.Token, context.Request, route.Kind);
            await NoteAsync(route, context.Request, number);
            if (_throttle.SecondsToWait() is { } seconds)
            {
                traffic.AddThrottled();
                return Answer.Of(429, Answer.Plain, "Too Many Requests", seconds);
            }

            return StatusFaults.Strike(faults, options.RetryAfterSeconds) ?? await api.AnswerAsync(route, context.Request, number, output);
        }
        catch (Refusal refusal)
        {
            if (refusal.Status == 401)
                traffic.AddUnauthorized();
            return Answer.Of(refusal.Status, Answer.Json, refusal.Message);
        }
    }

    private async Task NoteAsync(Route route, HttpRequest request, long number)
    {
        var line = $"{request.Method} {request.Path.Value}{Uri.UnescapeDataString(request.QueryString.Value?.Replace('+', ' ') ?? "")}";
        _ = long.TryParse(request.Query["cursor"].ToString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var cursor);
        var noted = new SimulatedRequest(number, route.Kind, route.Type, route.Id, line, cursor, request.Query["constraints"].ToString());
        traffic.Note(noted);
        if (traffic.OnRequest is { } hook)
            await hook(noted);
    }
}
