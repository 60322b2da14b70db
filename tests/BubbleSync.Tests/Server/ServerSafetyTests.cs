using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Server.Runs;
using BubbleSync.Server.Safety;
using Xunit;

namespace BubbleSync.Tests.Server;

/// <summary>Who gets in, and what cannot be done from outside.</summary>
public sealed class ServerSafetyTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Key = "a-key-of-enough-letters";

    private static readonly Uri Apps = new("/api/v1/apps", UriKind.Relative);

    [Fact]
    public async Task Without_the_key_nothing_is_shown_and_a_hundred_wrong_keys_lock_out()
    {
        await using var server = await ServerFixture.StartAsync(postgres, new ServerSettings { AccessKey = Key });
        using var stranger = new HttpClient { BaseAddress = server.Address };

        using var none = await stranger.GetAsync(Apps);
        using var description = await stranger.GetAsync(new Uri("/openapi/v1.json", UriKind.Relative));
        using var right = await server.Api.Http.GetAsync(Apps);
        var wrong = new List<HttpStatusCode>();
        for (var attempt = 0; attempt < 100; attempt++)
            wrong.Add(await TryAsync(stranger, $"wrong-key-number-{attempt}"));

        Assert.Equal(HttpStatusCode.Unauthorized, none.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, description.StatusCode);
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.Equal(Enumerable.Repeat(HttpStatusCode.Unauthorized, 10).Concat(Enumerable.Repeat(HttpStatusCode.TooManyRequests, 90)), wrong);
        Assert.Equal(HttpStatusCode.TooManyRequests, await TryAsync(stranger, Key));
        Assert.DoesNotContain(Key, await none.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_answer_has_the_headers_and_no_secret()
    {
        await using var server = await ServerFixture.StartAsync(postgres, new ServerSettings { AccessKey = Key, Webhook = "https://hooks.example.com/hush" });

        string[] paths = ["/api/v1/apps", "/healthz", "/readyz", "/api/v1/none", $"/api/v1/runs/{Guid.Empty}", "/openapi/v1.json"];
        foreach (var path in paths)
        {
            using var answer = await server.Api.Http.GetAsync(new Uri(path, UriKind.Relative));
            var text = await answer.Content.ReadAsStringAsync();

            Assert.DoesNotContain("'unsafe-eval'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.DoesNotContain("http", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.False(answer.Headers.Contains("Server"));
            Assert.All([Key, "hush", "simulator-token", "Password"], secret => Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase));
        }
    }

    [Theory]
    [InlineData("Origin", "https://evil.example.com")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task What_another_site_makes_a_browser_send_is_refused(string header, string value)
    {
        await using var server = await ServerFixture.StartAsync(postgres);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/apps/{ServerFixture.App}/syncs")
        {
            Content = new StringContent("{ \"kind\": \"patch\" }", Encoding.UTF8, "application/json"),
            Headers = { { header, value } },
        };

        using var answer = await server.Api.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Empty(server.Get<RunRegistry>().Workers[0].Active);
    }

    [Fact]
    public async Task A_name_of_another_site_that_leads_here_is_refused()
    {
        await using var server = await ServerFixture.StartAsync(postgres);
        using var request = new HttpRequestMessage(HttpMethod.Get, Apps) { Headers = { Host = "evil.example.com" } };

        using var answer = await server.Api.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("/api/v1/apps/..%2f..%2fetc")]
    [InlineData("/api/v1/apps/%2e%2e/plan")]
    [InlineData("/api/v1/runs/../../etc/passwd")]
    [InlineData("/..%2f..%2fconfig/bubblesync.json")]
    [InlineData("/config/bubblesync.json")]
    [InlineData("/appsettings.json")]
    public async Task A_trick_with_a_path_finds_nothing(string path)
    {
        await using var server = await ServerFixture.StartAsync(postgres);

        using var answer = await server.Api.Http.GetAsync(new Uri(server.Address, path));

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_body_of_a_hundred_megabytes_is_refused_before_it_is_read()
    {
        await using var server = await ServerFixture.StartAsync(postgres);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        await using var stream = socket.GetStream();
        var head = $"POST /api/v1/apps/{ServerFixture.App}/changes HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\n"
            + "Content-Length: 104857600\r\n\r\n";

        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), server.Limit);
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadLineAsync(server.Limit);

        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_event_streams_are_bounded_and_the_rest_goes_on()
    {
        await using var server = await ServerFixture.StartAsync(postgres);
        using var held = new SemaphoreSlim(0);
        server.Sync.Bubble.Traffic.OnRequest = async _ => await held.WaitAsync(server.Limit);
        var run = await server.Api.SyncAsync(new RunOrder { Kind = SyncKind.Resync, Entities = ["agent"] });
        var events = new Uri($"/api/v1/runs/{run.RunId}/events", UriKind.Relative);

        var streams = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => server.Api.Http.GetAsync(events, HttpCompletionOption.ResponseHeadersRead)));
        using var other = await server.Api.Http.GetAsync(Apps);
        held.Release(10_000);

        Assert.Equal(SafetyServices.MostEvents, streams.Count(s => s.StatusCode == HttpStatusCode.OK));
        Assert.All(streams.Where(s => s.StatusCode != HttpStatusCode.OK), s => Assert.Equal(HttpStatusCode.ServiceUnavailable, s.StatusCode));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        foreach (var stream in streams)
            stream.Dispose();
        await server.Get<RunRegistry>().Find(run.RunId)!.Ended.WaitAsync(server.Limit);
    }

    [Theory]
    [InlineData("http://0.0.0.0:80", null, false)]
    [InlineData("http://*:80", null, false)]
    [InlineData("http://192.0.2.1:80", "short", false)]
    [InlineData("http://192.0.2.1:80", Key, true)]
    [InlineData("http://127.0.0.1:80", null, true)]
    [InlineData("http://[::1]:80", null, true)]
    [InlineData("http://localhost:80", null, true)]
    [InlineData("ftp://localhost", null, false)]
    public void An_address_that_others_reach_needs_a_key(string address, string? key, bool isGood)
    {
        var refused = Record.Exception(() => ListenAddress.Check(address, key));

        Assert.Equal(isGood, refused is null);
        Assert.True(isGood || refused is SyncException { IsUsage: true });
    }

    private static async Task<HttpStatusCode> TryAsync(HttpClient client, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Apps) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
        using var answer = await client.SendAsync(request);
        return answer.StatusCode;
    }
}
