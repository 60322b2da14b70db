using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using BubbleSync.Server.Runs;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Server;

/// <summary>The API beside its runs.</summary>
public sealed class ServerApiTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Five_hundred_changes_at_once_are_a_handful_of_calls()
    {
        await using var server = await ServerFixture.StartAsync(postgres);
        var records = Enumerable.Range(1, 500).ToList();
        records.ForEach(n => server.Sync.Put("agent", SyncFixture.Record(n, SyncFixture.Early, "\"Name\": \"A\"")));

        var answers = await Task.WhenAll(records.Select(n => server.Api.AddChangeAsync(n % 2 == 0 ? "Agent" : "custom.agent", SyncFixture.Id(n))));
        await server.Sync.UntilAsync("select count(*) = 500 from agent");

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Accepted, answer));
        Assert.InRange(server.Sync.Bubble.Traffic.Requests, 1, 25);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await server.Api.AddChangeAsync("no such type", SyncFixture.Id(1)));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await server.Api.AddChangeAsync("agent", "../x1"));
    }

    [Fact]
    public async Task Runs_come_page_by_page_and_status_plan_and_count_are_those_of_the_library()
    {
        await using var server = await ServerFixture.StartAsync(postgres, options: new SimulatorOptions { Invoices = 5 });
        var ids = new List<string>();
        for (var run = 0; run < 3; run++)
            ids.Add($"{(await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Patch }, server.Limit))["runId"]}");

        var first = await server.Api.RunsAsync(2);
        var second = await server.Api.RunsAsync(2, first.Next);
        var count = await server.Api.CountAsync("invoice", "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z");

        Assert.Equal([ids[2], ids[1]], first.Runs.Select(run => $"{run.RunId}"));
        Assert.Equal(ids[0], $"{Assert.Single(second.Runs).RunId}");
        Assert.Null(second.Next);
        Assert.Equal(5, count.Records);
        Assert.Equal(8, (await server.Api.StatusAsync()).Entities.Count);
        Assert.Equal(5, (await server.Api.PlanAsync()).Entities.Single(e => e.Name == "invoice").Records);
        Assert.Equal(ServerFixture.App, Assert.Single(await server.Api.AppsAsync()).Name);
    }

    [Theory]
    [InlineData("{}", 400)]
    [InlineData("{ \"kind\": \"fly\" }", 400)]
    [InlineData("{ \"kind\": \"invoice\" }", 400)]
    [InlineData("{ \"kind\": \"resync\", \"entities\": [\"../secret\"] }", 400)]
    [InlineData("{ \"kind\": \"resync\", \"prune\": \"hard\", \"purge\": true }", 400)]
    [InlineData("{ \"kind\": \"range\", \"from\": \"2026-02-01T00:00:00Z\", \"to\": \"2026-01-01T00:00:00Z\" }", 400)]
    public async Task An_order_that_makes_no_sense_is_refused_with_problem_details(string body, int status)
    {
        await using var server = await ServerFixture.StartAsync(postgres);

        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await server.Api.Http.PostAsync(new Uri($"/api/v1/apps/{ServerFixture.App}/syncs", UriKind.Relative), content);

        Assert.Equal((status, "application/problem+json"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Empty(server.Get<RunRegistry>().Workers[0].Active);
    }

    [Fact]
    public async Task Values_of_rejected_records_come_only_on_request()
    {
        await using var server = await ServerFixture.StartAsync(postgres);
        server.Sync.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, "\"Total Amount\": \"twelve <b>hush</b>\""));

        var run = await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Resync, Entities = ["invoice"] }, server.Limit);
        var id = Guid.Parse($"{run["runId"]}");
        var (hidden, shown) = (await server.Api.RejectedAsync(id, values: false), await server.Api.RejectedAsync(id, values: true));

        Assert.Equal("partial", $"{run["status"]}");
        Assert.DoesNotContain("hush", run.ToJsonString() + hidden.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("hush", shown.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("Total Amount", $"{Assert.Single(hidden)!["field"]}");
    }

    [Fact]
    public async Task Missing_links_coverage_and_schema_are_those_of_the_library_and_only_the_DDL_that_was_seen_runs()
    {
        await using var server = await ServerFixture.StartAsync(postgres);
        server.Sync.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"A\", \"Linked User Login\": \"1769904000000x2\""));
        await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Resync, Entities = ["agent"] }, server.Limit);
        await server.Sync.ExecuteAsync("alter table agent drop column name cascade");

        var audit = await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Fields, Entities = ["agent"] }, server.Limit);
        var (links, coverage, drift) = (await server.Api.LinksAsync(), await server.Api.CoverageAsync(), await server.Api.SchemaAsync());
        var (refused, applied) = (await server.Api.ApplySchemaAsync($"{drift.Ddl} "), await server.Api.ApplySchemaAsync(drift.Ddl));

        Assert.Equal(("audit fields", "succeeded"), ($"{audit["kind"]}", $"{audit["status"]}"));
        Assert.Equal("1769904000000x2", Assert.Single(links.Links).TargetId);
        Assert.Equal("agent", Assert.Single(coverage).Report.Total.Entity);
        Assert.Contains("add column", drift.Ddl, StringComparison.OrdinalIgnoreCase);
        Assert.Null(refused);
        Assert.InRange(applied!.Applied, 1, 100);
    }

    [Fact]
    public async Task The_description_names_every_operation_that_the_client_uses()
    {
        await using var server = await ServerFixture.StartAsync(postgres);

        var text = await server.Api.Http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative));
        var paths = JsonNode.Parse(text)!["paths"]!.AsObject();

        Assert.Equal(
            [
                "get /api/v1/apps", "get /api/v1/apps/{app}", "get /api/v1/apps/{app}/count", "get /api/v1/apps/{app}/coverage",
                "get /api/v1/apps/{app}/entities", "get /api/v1/apps/{app}/links", "get /api/v1/apps/{app}/plan", "get /api/v1/apps/{app}/runs",
                "get /api/v1/apps/{app}/schema", "get /api/v1/apps/{app}/status", "get /api/v1/runs/{id}", "get /api/v1/runs/{id}/events",
                "get /api/v1/runs/{id}/log", "get /api/v1/runs/{id}/rejected", "post /api/v1/apps/{app}/changes", "post /api/v1/apps/{app}/schema",
                "post /api/v1/apps/{app}/syncs", "post /api/v1/runs/{id}/cancel",
            ],
            paths.SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key} {path.Key}")).Order(StringComparer.Ordinal));
    }
}
