using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Server.Runs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BubbleSync.Server.Api;

/// <summary>The part of the API that shows missing links, coverage and schema drift, and that closes the gaps of the schema.</summary>
internal static class AuditEndpoints
{
    /// <summary>Adds it.</summary>
    public static void MapAudits(this RouteGroupBuilder api)
    {
        var app = api.MapGroup("/apps/{app}").ProducesProblem(404);
        app.MapGet("/links", LinksAsync).WithName("getLinks")
            .WithSummary("Lists links whose target is in no table; with ask=true, also whether Bubble has it.");
        app.MapGet("/coverage", CoverageAsync).WithName("getCoverage").WithSummary("Returns the last audit of the fields of each entity.");
        app.MapGet("/schema", SchemaAsync).WithName("getSchema").WithSummary("Compares Bubble's types and fields with maps and tables, and returns the DDL.");
        app.MapPost("/schema", ApplyAsync).WithName("applySchema").WithSummary("Runs the DDL, if it is still what GET returns.").ProducesProblem(409);
    }

    private static async Task<Results<Ok<LinkAuditReport>, ProblemHttpResult>> LinksAsync(
        string app, RunRegistry registry, CancellationToken cancellationToken, bool ask = false) => registry.FindApp(app) is { } worker
            ? TypedResults.Ok(await worker.Engine.AuditLinksAsync(new LinkAuditOptions { Ask = ask }, cancellationToken))
            : AppEndpoints.Missing();

    private static async Task<Results<Ok<IReadOnlyList<KeptFieldAudit>>, ProblemHttpResult>> CoverageAsync(
        string app, RunRegistry registry, CancellationToken cancellationToken)
    {
        if (registry.FindApp(app) is not { } worker)
            return AppEndpoints.Missing();

        await using var archive = await worker.Engine.OpenArchiveAsync(cancellationToken);
        return TypedResults.Ok(await archive.CoverageAsync(cancellationToken));
    }

    private static async Task<Results<Ok<SchemaAuditReport>, ProblemHttpResult>> SchemaAsync(
        string app, RunRegistry registry, CancellationToken cancellationToken) => registry.FindApp(app) is { } worker
            ? TypedResults.Ok(await worker.Engine.AuditSchemaAsync(new SchemaAuditOptions(), cancellationToken))
            : AppEndpoints.Missing();

    private static async Task<Results<Ok<SchemaAuditReport>, ProblemHttpResult>> ApplyAsync(
        string app, SchemaChange change, RunRegistry registry, CancellationToken cancellationToken)
    {
        if (registry.FindApp(app) is not { } worker)
            return AppEndpoints.Missing();

        return await SchemaAdditions.ApplyAsync(worker, change.Ddl, cancellationToken) is { } applied
            ? TypedResults.Ok(applied)
            : TypedResults.Problem(
                "The gaps have changed since the DDL was shown. Nothing was run. Read /schema again.", statusCode: 409, title: "The DDL has changed.");
    }
}
