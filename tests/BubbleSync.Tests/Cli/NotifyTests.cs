using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using BubbleSync.Cli.Notify;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>How commands end is reported outside; what cannot be sent is a warning without the address.</summary>
public sealed class NotifyTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly RunNotice Failed = new(
        "resync", 3, null,
        [
            new SyncError(SyncStage.Load, "agent", null, null, ErrorCode.Failed, "It broke."),
            new SyncError(SyncStage.Transform, "agent", "1x2", "Name", ErrorCode.Rejected, "hush"),
        ],
        "app.example.com", "public");

    [Theory]
    [InlineData("https://hooks.slack.com/services/a", "text")]
    [InlineData("https://my.webhook.office.com/b", "text type attachments")]
    [InlineData("https://prod-1.westeurope.logic.azure.com/c", "text type attachments")]
    [InlineData("https://example.com/d", "text command status exitCode source schema runId startedAt finishedAt")]
    public void Each_receiver_gets_the_form_that_it_takes(string receiver, string names)
    {
        var body = JsonDocument.Parse(NoticeBody.Of(new Uri(receiver), Failed)).RootElement;

        Assert.Equal(names.Split(' '), body.EnumerateObject().Select(p => p.Name));
        var text = body.GetProperty("text").GetString()!;
        Assert.StartsWith("bubblesync resync failed (exit code 3) on ", text, StringComparison.Ordinal);
        Assert.EndsWith(": app.example.com to schema public\nerror: It broke.", text, StringComparison.Ordinal);
        if (body.TryGetProperty("attachments", out var cards))
            Assert.Contains("It broke.", cards[0].GetProperty("content").GetProperty("body")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable, 3)]
    [InlineData(HttpStatusCode.NotFound, 1)]
    [InlineData(HttpStatusCode.OK, 1)]
    public async Task A_request_is_tried_again_only_where_that_may_help(HttpStatusCode answer, int attempts)
    {
        var (asked, warnings) = (new List<string>(), new List<string>());
        using var handler = new Answering(request =>
        {
            asked.Add($"{request.Method} {request.RequestUri}");
            return answer;
        });
        using var http = new HttpClient(handler);
        var notifier = new RunNotifier(new NotifySettings { Url = "https://example.com/hush?a=b" }, warnings.Add, http, TimeSpan.Zero);

        notifier.Start();
        await notifier.EndAsync(Failed);

        Assert.Equal(Enumerable.Repeat("POST https://example.com/hush?a=b", attempts), asked);
        Assert.Equal(answer == HttpStatusCode.OK ? [] : [$"warning: the notice could not be sent to example.com: it answered with {(int)answer}. "
            + "The result of the command is the same."], warnings);
    }

    [Fact]
    public async Task Only_problems_are_sent_where_that_is_set_and_every_end_is_pinged()
    {
        var asked = new List<string>();
        using var handler = new Answering(request =>
        {
            asked.Add($"{request.Method} {request.RequestUri}");
            return HttpStatusCode.OK;
        });
        var settings = new NotifySettings { Url = "https://example.com/hook", OnlyProblems = true, PingUrl = "https://hc.example.com/id/?rid=1" };
        using var http = new HttpClient(handler);
        var notifier = new RunNotifier(settings, _ => { }, http, TimeSpan.Zero);

        notifier.Start();
        await notifier.EndAsync(Failed with { Code = 0 });
        await notifier.EndAsync(Failed with { Code = 1 });

        Assert.Equal(
            [
                "GET https://hc.example.com/id/start?rid=1", "GET https://hc.example.com/id?rid=1", "GET https://hc.example.com/id/fail?rid=1",
                "POST https://example.com/hook",
            ],
            asked);
    }

    [Fact]
    public async Task Watch_runs_again_and_again_reports_every_run_and_ends_with_0_between_two()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ResyncAsync("agent");
        var received = new ConcurrentQueue<string>();
        await using var receiver = await ReceiverAsync(received);
        var address = receiver.Urls.First();

        using var program = Bubblesync.Start(
            fixture, [], "watch", "--every", "1s", "--entity", "agent", "--output", "json", "--notify", $"{address}/hook", "--ping", $"{address}/check");
        while (received.Count(r => r.StartsWith("/hook", StringComparison.Ordinal)) < 2)
            await Task.Delay(20, fixture.Limit);
        await program.SignalAsync("TERM");
        var outcome = await program.EndAsync();

        var runs = outcome.Json.GetProperty("runs").GetInt32();
        Assert.Equal("watch", outcome.Json.GetProperty("kind").GetString());
        Assert.True(runs >= 2 && outcome.Json.GetProperty("last").GetProperty("kind").GetString() == "incremental");
        Assert.Equal(outcome.Json.GetProperty("cancelled").GetInt32() == 0 ? 0 : 130, outcome.Code);
        Assert.Contains("Next run at 20", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(["/check/start", "/check"], received.Take(2));
        Assert.StartsWith("/hook {\"text\":\"bubblesync incremental succeeded (exit code 0) on ", received.ElementAt(2), StringComparison.Ordinal);
        Assert.Equal(runs, received.Count(r => r.StartsWith("/hook", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_command_that_stops_is_reported_and_keeps_its_exit_code_where_the_notice_fails()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var received = new ConcurrentQueue<string>();
        await using var receiver = await ReceiverAsync(received);

        // No resync was before it, so that watch ends at once.
        var outcome = await Bubblesync.RunAsync(
            fixture, [("Notify__PingUrl", $"{receiver.Urls.First()}/check")], "watch", "--every", "1s", "--notify", "http://127.0.0.1:9/hush");

        Assert.Equal(2, outcome.Code);
        Assert.Equal(["/check/start", "/check/fail"], received);
        Assert.Contains("warning: the notice could not be sent to 127.0.0.1: ", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", outcome.All, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> ReceiverAsync(ConcurrentQueue<string> received)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            received.Enqueue($"{context.Request.Path} {await reader.ReadToEndAsync()}".TrimEnd());
        });
        await app.StartAsync();
        return app;
    }

    private sealed class Answering(Func<HttpRequestMessage, HttpStatusCode> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(answer(request)));
    }
}
