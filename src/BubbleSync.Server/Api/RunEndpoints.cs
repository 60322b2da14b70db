using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Words;
using BubbleSync.Server.Runs;
using BubbleSync.Server.Safety;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BubbleSync.Server.Api;

/// <summary>The part of the API below <c>/runs</c>.</summary>
internal static class RunEndpoints
{
    private const int MostLines = 10_000;

    /// <summary>Adds it.</summary>
    public static void MapRuns(this RouteGroupBuilder api)
    {
        var run = api.MapGroup("/runs/{id:guid}").ProducesProblem(404);
        run.MapGet("", ShowAsync).WithName("getRun").WithSummary("Returns a run: its state, and its result once it has ended.").Produces<RunReport>();
        run.MapGet("/events", Watch).WithName("watchRun").WithSummary("Reports a run's state as it changes, until it has ended.")
            .Produces<RunView>(200, "text/event-stream").ProducesProblem(503).DisableRequestTimeout().RequireRateLimiting(SafetyServices.Events);
        run.MapPost("/cancel", Cancel).WithName("cancelRun").WithSummary("Asks a run to end in good order; at once, if it was asked before.")
            .ProducesProblem(409);
        run.MapGet("/log", LogAsync).WithName("getLog").WithSummary("Returns the activity log of a run, at most 10,000 lines.");
        run.MapGet("/rejected", RejectedAsync).WithName("getRejected")
            .WithSummary("Returns the rejected fields of a run, at most 10,000. Values are there only on request.");
    }

    private static async Task<IResult> ShowAsync(Guid id, RunRegistry registry, CancellationToken cancellationToken)
    {
        if (registry.Find(id) is { Outcome: { } outcome } ended)
            return Json(outcome.ToJson(ended.View.App));

        if (registry.Find(id) is { } run)
            return TypedResults.Ok(run.View);

        return await InArchiveAsync(id, registry, async (archive, app) =>
        {
            var report = JsonNode.Parse((await archive.ShowAsync($"{id}", cancellationToken)).ToJson())!.AsObject();
            report["app"] = app;
            return Json(report);
        }, cancellationToken);
    }

    private static ContentHttpResult Json(JsonObject document) => TypedResults.Content(document.ToJsonString(), "application/json");

    private static IResult Watch(Guid id, RunRegistry registry, IHostApplicationLifetime server, CancellationToken cancellationToken) =>
        registry.Find(id) is { } run
            ? TypedResults.ServerSentEvents(EventsAsync(run, server.ApplicationStopping, cancellationToken))
            : Missing("This server does not run it. GET /api/v1/runs/{id} returns its result.");

    // A stream ends with the server: the server waits for all requests before it lets runs end.
    private static async IAsyncEnumerable<SseItem<RunView>> EventsAsync(
        ServerRun run, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
        await using var views = run.WatchAsync(either.Token).GetAsyncEnumerator(CancellationToken.None);
        while (await NextAsync(views, stopping))
            yield return new SseItem<RunView>(views.Current, views.Current.HasEnded ? "ended" : "progress");
    }

    private static async Task<bool> NextAsync(IAsyncEnumerator<RunView> views, CancellationToken stopping)
    {
        try
        {
            return await views.MoveNextAsync();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    private static Results<Accepted<RunView>, ProblemHttpResult> Cancel(Guid id, RunRegistry registry)
    {
        if (registry.Find(id) is not { } run)
            return Missing("This server does not run it.");

        if (run.View.HasEnded)
            return TypedResults.Problem("The run has ended already.", statusCode: 409, title: "The run has ended.");

        run.Cancel();
        return TypedResults.Accepted($"/api/v1/runs/{id}", run.View);
    }

    private static Task<IResult> LogAsync(Guid id, RunRegistry registry, CancellationToken cancellationToken, Severity? level = null, string? entity = null) =>
        InArchiveAsync(id, registry, async (archive, _) =>
        {
            var lines = (await archive.LogAsync($"{id}", level, entity, cancellationToken)).Take(MostLines);
            return TypedResults.Content(await TextAsync(lines, cancellationToken), "application/json");
        }, cancellationToken);

    private static Task<IResult> RejectedAsync(
        Guid id, RunRegistry registry, CancellationToken cancellationToken, string? entity = null, bool values = false) =>
        InArchiveAsync(id, registry, async (archive, _) =>
        {
            var fields = (await archive.RejectedAsync($"{id}", entity, cancellationToken)).Take(MostLines);
            var shown = fields.Select(field => values ? field : RejectedValues.Hide(field));
            return TypedResults.Content(await TextAsync(shown, cancellationToken), "application/json");
        }, cancellationToken);

    private static async Task<string> TextAsync<T>(IAsyncEnumerable<T> list, CancellationToken cancellationToken)
    {
        await using var output = new MemoryStream();
        await ReportJson.WriteAsync(output, list, cancellationToken);
        return System.Text.Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length);
    }

    // The apps are few; each knows its own runs.
    private static async Task<IResult> InArchiveAsync(
        Guid id, RunRegistry registry, Func<RunArchive, string, Task<IResult>> read, CancellationToken cancellationToken)
    {
        foreach (var worker in registry.Workers)
        {
            try
            {
                await using var archive = await worker.Engine.OpenArchiveAsync(cancellationToken);
                return await read(archive, worker.App.Name);
            }
            catch (SyncException unknown) when (unknown.Errors[0].Code == ErrorCode.NoSuchRun)
            {
                // It may belong to the next app.
            }
        }

        return Missing($"No app of this server has a run {id}.");
    }

    private static ProblemHttpResult Missing(string why) => TypedResults.Problem(why, statusCode: 404, title: "No such run.");
}
