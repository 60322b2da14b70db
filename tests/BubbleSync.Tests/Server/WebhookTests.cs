using System.Text.Json.Nodes;
using BubbleSync.Etl.Settings;
using BubbleSync.Server.Runs;
using BubbleSync.Server.Webhooks;
using BubbleSync.Tests.Resync;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace BubbleSync.Tests.Server;

/// <summary>What the webhook receives.</summary>
public sealed class WebhookTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Key = "webhook-key";

    private static readonly WebhookNotice Notice = new(WebhookEvent.Stale, "main", DateTimeOffset.UnixEpoch, "late");

    [Fact]
    public async Task A_notice_is_sent_again_until_it_is_taken_and_each_is_signed()
    {
        await using var receiver = await WebhookReceiver.StartAsync(503, 429, 200);
        using var sender = new WebhookSender(TimeProvider.System, NullLogger<WebhookSender>.Instance, TimeSpan.FromMilliseconds(5));

        await sender.SendAsync(new ServerSettings { Webhook = receiver.Address, WebhookKey = Key }, Notice, CancellationToken.None);

        Assert.Equal(3, receiver.Received.Count);
        Assert.All(receiver.Received, post =>
        {
            var time = DateTimeOffset.FromUnixTimeSeconds(long.Parse(post.Signature.Split(',')[0][2..], System.Globalization.CultureInfo.InvariantCulture));
            Assert.Equal(WebhookSender.Sign(Key, time, post.Body), post.Signature);
        });
    }

    [Fact]
    public async Task A_refusal_is_not_repeated()
    {
        await using var receiver = await WebhookReceiver.StartAsync(400);
        using var sender = new WebhookSender(TimeProvider.System, NullLogger<WebhookSender>.Instance, TimeSpan.FromMilliseconds(5));

        await sender.SendAsync(new ServerSettings { Webhook = receiver.Address }, Notice, CancellationToken.None);

        Assert.Equal("", Assert.Single(receiver.Received).Signature);
    }

    [Fact]
    public async Task Failed_and_partial_runs_and_old_watermarks_are_reported_and_nothing_else()
    {
        await using var receiver = await WebhookReceiver.StartAsync(200);
        await using var server = await ServerFixture.StartAsync(
            postgres, new ServerSettings { Webhook = receiver.Address, WebhookKey = Key, FreshnessMinutes = 60 });
        server.Sync.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, "\"Total Amount\": \"twelve hush\""));

        await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Resync, Entities = ["agent"] }, server.Limit);
        var partial = await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Resync, Entities = ["invoice"] }, server.Limit);
        var failed = await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Reprocess, Run = Guid.Empty }, server.Limit);
        var posts = await receiver.WaitAsync(3, server.Limit);

        Assert.Equal(["failed", "partial", "stale"], posts.Select(post => $"{JsonNode.Parse(post.Body)!["event"]}").Order(StringComparer.Ordinal));
        Assert.Contains(posts, post => $"{JsonNode.Parse(post.Body)!["runId"]}" == $"{partial["runId"]}");
        Assert.Equal("failed", $"{failed["status"]}");
        Assert.DoesNotContain(posts, post => post.Body.Contains("hush", StringComparison.Ordinal));
    }
}
