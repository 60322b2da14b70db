using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Server.Changes;
using BubbleSync.Server.Runs;
using BubbleSync.Server.Schedules;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BubbleSync.Server.Api;

/// <summary>The part of the API below <c>/apps</c>.</summary>
internal static class AppEndpoints
{
    private const int MostRuns = 200;
    private const string NoApp = "There is no such app. GET /api/v1/apps lists the apps of this server.";

    /// <summary>Adds it.</summary>
    public static void MapApps(this RouteGroupBuilder api)
    {
        api.MapGet("/apps", Ok<IReadOnlyList<AppView>> (RunRegistry registry, ScheduleService schedules) =>
            TypedResults.Ok<IReadOnlyList<AppView>>([.. registry.Workers.Select(worker => ViewOf(worker, schedules))]))
            .WithName("listApps").WithSummary("Lists the apps.");
        var app = api.MapGroup("/apps/{app}").ProducesProblem(404);
        app.MapGet("", Results<Ok<AppView>, ProblemHttpResult> (string app, RunRegistry registry, ScheduleService schedules) =>
            registry.FindApp(app) is { } worker ? TypedResults.Ok(ViewOf(worker, schedules)) : Missing()).WithName("getApp").WithSummary("Describes an app.");
        app.MapGet("/entities", Results<Ok<IReadOnlyList<MappedEntity>>, ProblemHttpResult> (string app, RunRegistry registry) =>
            registry.FindApp(app) is { } worker ? TypedResults.Ok(worker.Engine.DescribeEntities()) : Missing())
            .WithName("listEntities").WithSummary("Lists the entities.");
        app.MapGet("/status", StatusAsync).WithName("getStatus").WithSummary("Reports the state of each entity.");
        app.MapGet("/plan", PlanAsync).WithName("getPlan").WithSummary("Estimates what a resync reads, costs and writes.");
        app.MapGet("/count", CountAsync).WithName("countRange").WithSummary("Counts the records in a range of Modified Date.");
        app.MapGet("/runs", RunsAsync).WithName("listRuns").WithSummary("Lists the runs, the newest first, page by page.");
        app.MapPost("/syncs", Submit).WithName("startSync").WithSummary("Starts a run.").ProducesProblem(409).ProducesProblem(503);
        app.MapPost("/changes", AddChange).WithName("addChange").WithSummary("Syncs a record that changed, together with others of the same two seconds.")
            .ProducesProblem(503);
    }

    /// <summary>The answer where there is no app of this name.</summary>
    public static ProblemHttpResult Missing() => TypedResults.Problem(NoApp, statusCode: 404, title: "No such app.");

    private static AppView ViewOf(AppWorker worker, ScheduleService schedules) => new(
        worker.App.Name, worker.App.Settings.Bubble.BaseUrl?.AbsoluteUri, LibpqAddress.Place(worker.App.Settings.Postgres).Text,
        [.. worker.Active.Select(run => run.View)], schedules.Of(worker.App.Name));

    private static async Task<Results<Ok<StatusReport>, ProblemHttpResult>> StatusAsync(
        string app, RunRegistry registry, CancellationToken cancellationToken, bool offline = false) => registry.FindApp(app) is { } worker
            ? TypedResults.Ok(await worker.Engine.StatusAsync(new StatusOptions { Offline = offline }, cancellationToken))
            : Missing();

    private static async Task<Results<Ok<PlanReport>, ProblemHttpResult>> PlanAsync(
        string app, string[]? entity, RunRegistry registry, CancellationToken cancellationToken) => registry.FindApp(app) is { } worker
            ? TypedResults.Ok(await worker.Engine.PlanAsync(entity ?? [], cancellationToken))
            : Missing();

    private static async Task<Results<Ok<RangeCount>, ProblemHttpResult>> CountAsync(
        string app, string entity, DateTimeOffset from, DateTimeOffset? to, RunRegistry registry, TimeProvider clock, CancellationToken cancellationToken)
    {
        var end = to ?? clock.GetUtcNow();
        return registry.FindApp(app) is { } worker
            ? TypedResults.Ok(new RangeCount(entity, from, end, await worker.Engine.CountModifiedAsync(entity, from, end, cancellationToken)))
            : Missing();
    }

    private static async Task<Results<Ok<RunPage>, ProblemHttpResult>> RunsAsync(
        string app, Guid? cursor, RunRegistry registry, CancellationToken cancellationToken, int limit = 50)
    {
        if (registry.FindApp(app) is not { } worker)
            return Missing();

        var most = Math.Clamp(limit, 1, MostRuns);
        await using var archive = await worker.Engine.OpenArchiveAsync(cancellationToken);
        var runs = await archive.ListAsync(most + 1, null, null, cursor, cancellationToken);
        var page = runs.Take(most).ToList();
        IReadOnlyList<RunView> active = cursor is null ? [.. worker.Active.Select(run => run.View)] : [];
        return TypedResults.Ok(new RunPage(active, page, runs.Count > most ? page[^1].RunId : null));
    }

    private static Results<Accepted<AcceptedRun>, ValidationProblem, ProblemHttpResult> Submit(
        string app, RunOrder order, [FromHeader(Name = "Idempotency-Key")] string? key, RunRegistry registry)
    {
        if (registry.FindApp(app) is not { } worker)
            return Missing();

        if (OrderCheck.Faults(order, worker.Engine.ListEntities()) is { Count: > 0 } faults)
            return TypedResults.ValidationProblem(faults, "The order cannot be carried out; nothing was started.");

        var submission = worker.Submit(order, key is { Length: > 0 and <= 200 } ? key : null);
        return submission switch
        {
            { RunId: { } run } => TypedResults.Accepted(
                $"/api/v1/runs/{run}", new AcceptedRun(run, submission.Run?.View.Status, submission.Answer == SubmissionResult.Accepted)),
            { Answer: SubmissionResult.KeyReused } => TypedResults.Problem(
                "Another order came with this Idempotency-Key before. Take a new key for a new order.", statusCode: 409, title: "The key was used before."),
            { Answer: SubmissionResult.QueueFull } => TypedResults.Problem(
                "Too many orders wait for this app. Send the order again when some of them have ended.", statusCode: 503, title: "The queue is full."),
            _ => TypedResults.Problem("The server is ending. Send the order again when it has started.", statusCode: 503, title: "The server is ending."),
        };
    }

    private static Results<Accepted, ProblemHttpResult> AddChange(string app, Change change, ChangeService changes, RunRegistry registry)
    {
        if (registry.FindApp(app) is not { } worker)
            return Missing();

        return changes.Add(worker, change) switch
        {
            ChangeResult.Accepted => TypedResults.Accepted((string?)null),
            ChangeResult.TypeUnknown => TypedResults.Problem(
                "No map of the app names this Bubble type. GET /api/v1/apps/{app}/entities lists the types.", statusCode: 422,
                title: "The type is not mapped."),
            ChangeResult.IdMalformed => TypedResults.Problem(
                "The id has not the form of a Bubble id (digits x digits).", statusCode: 422, title: "The id is malformed."),
            _ => TypedResults.Problem(
                "Too many changes wait. The next incremental sync reads this one too.", statusCode: 503, title: "Too many changes wait."),
        };
    }
}
