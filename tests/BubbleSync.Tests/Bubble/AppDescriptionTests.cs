using System.Net;
using System.Text;
using BubbleSync.Etl;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Sync;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>What the app says of its types: read where it can be, and where it cannot, records show the fields and the reason is reported.</summary>
public sealed class AppDescriptionTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Meta = """{"get":["agent"],"types":{"agent":{"display":"agent","fields":[{"id":"name_text","display":"Name","type":"text"}]}}}""";
    private const string NamesOnly = """{"get":["agent","invoice"]}""";
    private const string Page = "<html><title>No entry</title></html>";
    private const string Busy = """{"statusCode":429,"body":{"status":"ERROR","message":"Too many requests"}}""";

    [Fact]
    public async Task A_request_to_slow_down_that_comes_with_200_is_no_description()
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), number => ScriptedBubble.Json(number == 1 ? Busy : Meta));
        var before = bubble.Throttle.AllowedPerMinute;

        using var meta = await Task.Run(() => bubble.Client.DescribeAsync("meta", CancellationToken.None)).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.True(meta!.RootElement.TryGetProperty("get", out _));
        Assert.Equal((2, 1L), (bubble.Asked.Count, bubble.Meter.Counts.Throttled));
        Assert.True(bubble.Throttle.AllowedPerMinute < before);
    }

    [Fact]
    public async Task A_web_page_in_place_of_the_description_is_asked_for_once_and_promises_no_resume()
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ => Answer(200, Page));

        var app = await ReadAsync(bubble);

        Assert.Equal((SchemaSource.Sample, 2), (app.Source, bubble.Asked.Count));
        Assert.Contains("No entry", app.Failure, StringComparison.Ordinal);
        Assert.DoesNotContain("To finish", app.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_404_that_comes_with_200_means_that_there_is_none()
    {
        const string None = """{"statusCode":404,"body":{"status":"NOT_FOUND","message":"no meta"}}""";
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ => ScriptedBubble.Json(None));

        using var meta = await Task.Run(() => bubble.Client.DescribeAsync("meta", CancellationToken.None)).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Null(meta);
    }

    [Theory]
    [InlineData(403, Page, 404, "", 0, "No entry")]
    [InlineData(403, Page, 403, Page, 0, "No entry")]
    [InlineData(404, "", 403, Page, 0, "No entry")]
    [InlineData(200, "{}", 404, "", 0, "does not say which types")]
    [InlineData(200, NamesOnly, 403, Page, 2, "No entry")]
    [InlineData(200, NamesOnly, 404, "", 2, null)]
    [InlineData(200, NamesOnly, 200, "{}", 2, null)]
    public async Task Records_show_the_fields_where_no_description_does(
        int metaStatus, string meta, int swaggerStatus, string swagger, int types, string? failure)
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), number => number == 1 ? Answer(metaStatus, meta) : Answer(swaggerStatus, swagger));

        var app = await ReadAsync(bubble);

        Assert.Equal((SchemaSource.Sample, types), (app.Source, app.Types.Count));
        Assert.Equal(failure is null, app.Failure is null);
        Assert.Contains(failure ?? "", app.Failure ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_refused_is_refused_for_records_too()
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), number => Answer(number == 1 ? 401 : 404, ""));

        var failure = await Assert.ThrowsAsync<SyncException>(() => ReadAsync(bubble));

        Assert.Equal(ErrorCode.TokenRefused, failure.Errors[0].Code);
    }

    [Fact]
    public async Task Every_command_works_without_a_description_and_reports_why()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\", \"Shoe Size\": 42"));
        fixture.Put("gadget", SyncFixture.Record(2, SyncFixture.Early, "\"Weight\": 3"));
        await using var proxy = await RecordingProxy.StartAsync(
            fixture, (type, _) => type switch { "meta" => RecordingProxy.Say(403, Page), "swagger.json" => RecordingProxy.Say(404, ""), _ => null });

        var examined = await fixture.Engine().ExamineAsync(fixture.Limit);
        var scaffolded = await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["gadget"], DryRun = true }, fixture.Limit);
        var audited = await fixture.Engine().AuditSchemaAsync(new SchemaAuditOptions(), fixture.Limit);
        var run = await fixture.ResyncAsync("agent");

        Assert.True(examined.Success, string.Join('\n', examined.Checks.Where(c => c.Status == CheckStatus.Failed)));
        Assert.Contains("No entry", examined.Checks.Single(c => c is { Name: "Data API", Status: CheckStatus.Skipped }).Message, StringComparison.Ordinal);
        Assert.Contains(examined.Checks, c => c is { Name: "type agent", Status: CheckStatus.Ok, Message: "1 record" });
        Assert.Equal((SchemaSource.Sample, "gadget"), (scaffolded.Source, Assert.Single(scaffolded.Entities).Name));
        Assert.Contains(scaffolded.Warnings, w => w.Contains("No entry", StringComparison.Ordinal));
        Assert.Contains(audited.Findings, f => f is { Entity: "agent", Finding: SchemaFindingKind.FieldUnmapped, BubbleField: "Shoe Size" });
        Assert.Contains("No entry", Assert.Single(audited.Warnings), StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Contains(run.Warnings, w => w.Contains("No entry", StringComparison.Ordinal));
    }

    private static Task<AppDescription> ReadAsync(ScriptedBubble bubble) =>
        Task.Run(() => new AppDescriptionReader(bubble.Client).ReadAsync(CancellationToken.None)).WaitAsync(TimeSpan.FromSeconds(60));

    private static HttpResponseMessage Answer(int status, string body) =>
        new((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, body.StartsWith('<') ? "text/html" : "application/json") };
}
