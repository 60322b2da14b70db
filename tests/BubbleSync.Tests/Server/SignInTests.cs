using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Settings;
using BubbleSync.Server.Safety;
using BubbleSync.Tests.Sync;
using Xunit;

namespace BubbleSync.Tests.Server;

/// <summary>The sign-in of the page as a browser's requests show it, without a browser.</summary>
public sealed partial class SignInTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Key = "a-key-of-enough-letters";

    private static readonly Uri SignIn = new(PageAccess.SignInPath, UriKind.Relative);
    private static readonly Uri Page = new($"/apps/{ServerFixture.App}", UriKind.Relative);
    private static readonly Uri Api = new("/api/v1/apps", UriKind.Relative);

    [Fact]
    public async Task Without_a_sign_in_no_page_and_no_live_connection_is_given_and_the_sign_in_is_not_taken_by_the_API()
    {
        await using var server = await ServerFixture.StartAsync(postgres, new ServerSettings { AccessKey = Key });
        using var visitor = Visitor(server);

        using var before = await visitor.GetAsync(Page);
        using var live = await visitor.PostAsync(new Uri("/_blazor/negotiate?negotiateVersion=1", UriKind.Relative), null);
        using var signedIn = await SignInAsync(visitor, Key, "/apps/main");
        using var after = await visitor.GetAsync(Page);
        using var api = await visitor.GetAsync(Api);

        Assert.Equal((HttpStatusCode.Redirect, "/sign-in"), (before.StatusCode, before.Headers.Location!.AbsolutePath));
        Assert.NotEqual(HttpStatusCode.OK, live.StatusCode);
        Assert.Equal((HttpStatusCode.Redirect, "/apps/main"), (signedIn.StatusCode, signedIn.Headers.Location!.AbsolutePath));
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, api.StatusCode);
        Assert.Contains("httponly", Cookie(signedIn), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", Cookie(signedIn), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Key, await after.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sign_in_ends_after_its_hours()
    {
        var clock = new SetClock(TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        await using var server = await ServerFixture.StartAsync(postgres, new ServerSettings { AccessKey = Key }, setup => setup with { Clock = clock });
        using var visitor = Visitor(server);
        using var signedIn = await SignInAsync(visitor, Key);

        using var during = await visitor.GetAsync(Page);
        clock.Now += PageAccess.Lifetime + TimeSpan.FromSeconds(1);
        using var after = await visitor.GetAsync(Page);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Redirect), (during.StatusCode, after.StatusCode));
    }

    [Fact]
    public async Task Wrong_keys_of_the_page_and_of_the_API_lock_out_together()
    {
        await using var server = await ServerFixture.StartAsync(postgres, new ServerSettings { AccessKey = Key });
        using var visitor = Visitor(server);

        for (var attempt = 0; attempt < 5; attempt++)
        {
            using var page = await SignInAsync(visitor, "a-wrong-key-of-letters");
            Assert.Equal(HttpStatusCode.Unauthorized, page.StatusCode);
            using var request = new HttpRequestMessage(HttpMethod.Get, Api) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "wrong") } };
            using var api = await visitor.SendAsync(request);
        }

        using var right = await SignInAsync(visitor, Key);
        using var bearer = await server.Api.Http.GetAsync(Api);
        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests), (right.StatusCode, bearer.StatusCode));
    }

    [Fact]
    public async Task A_form_from_another_site_or_without_its_token_is_refused()
    {
        await using var server = await ServerFixture.StartAsync(postgres, new ServerSettings { AccessKey = Key });
        using var visitor = Visitor(server);

        using var form = await FormAsync(visitor, Key);
        using var foreign = new HttpRequestMessage(HttpMethod.Post, SignIn) { Content = form, Headers = { { "Origin", "https://evil.example.com" } } };
        using var refused = await visitor.SendAsync(foreign);
        using var bare = new FormUrlEncodedContent([new("_handler", "sign-in"), new("Key", Key)]);
        using var without = await visitor.PostAsync(SignIn, bare);
        using var socket = new HttpRequestMessage(HttpMethod.Get, "/_blazor?id=1")
        {
            Headers = { { "Origin", "https://evil.example.com" }, { "Connection", "Upgrade" }, { "Upgrade", "websocket" } },
        };
        using var live = await visitor.SendAsync(socket);

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, without.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, live.StatusCode);
        Assert.All([refused, without], answer => Assert.DoesNotContain("bubblesync=", Cookie(answer), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/runs/1?x=2", "/runs/1?x=2")]
    [InlineData("https://evil.example.com", "/")]
    [InlineData("//evil.example.com", "/")]
    [InlineData("/\\evil.example.com", "/")]
    [InlineData("/\t/evil.example.com", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void A_sign_in_leads_to_a_page_of_this_server_only(string? asked, string led) => Assert.Equal(led, PageAccess.Local(asked));

    [Fact]
    public async Task The_page_may_load_and_run_only_files_of_the_server()
    {
        await using var server = await ServerFixture.StartAsync(postgres);

        using var answer = await server.Api.Http.GetAsync(Page);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        var html = await answer.Content.ReadAsStringAsync();

        Assert.Contains("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        Assert.DoesNotMatch(@"(src|href)=""(https?:)?//", html);
        Assert.DoesNotMatch(@"<script(?![^>]*\ssrc=)|<style|\son\w+=", html);
        foreach (Match file in Files().Matches(html))
        {
            using var loaded = await server.Api.Http.GetAsync(new Uri(file.Groups[1].Value, UriKind.Relative));
            Assert.True(loaded.IsSuccessStatusCode, file.Value);
        }
    }

    [Fact]
    public async Task A_body_that_comes_too_slowly_is_cut_off()
    {
        await using var server = await ServerFixture.StartAsync(postgres);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        await using var stream = socket.GetStream();
        var head = $"POST /api/v1/apps/{ServerFixture.App}/changes HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\n"
            + "Content-Length: 1000\r\n\r\n{";

        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), server.Limit);
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync(server.Limit);

        Assert.DoesNotContain("HTTP/1.1 2", answer, StringComparison.Ordinal);
    }

    // It keeps cookies as a browser does.
    private static HttpClient Visitor(ServerFixture server) => new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = server.Address };

    private static async Task<HttpResponseMessage> SignInAsync(HttpClient visitor, string key, string to = "")
    {
        using var form = await FormAsync(visitor, key);
        return await visitor.PostAsync(new Uri($"{PageAccess.SignInPath}?to={Uri.EscapeDataString(to)}", UriKind.Relative), form);
    }

    private static async Task<FormUrlEncodedContent> FormAsync(HttpClient visitor, string key)
    {
        var html = await visitor.GetStringAsync(SignIn);
        return new FormUrlEncodedContent([new("_handler", "sign-in"), new("Key", key), new("__RequestVerificationToken", Token().Match(html).Groups[1].Value)]);
    }

    private static string Cookie(HttpResponseMessage answer) => answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? string.Join('\n', cookies) : "";

    [GeneratedRegex("""
        name="__RequestVerificationToken" value="([^"]+)"
        """)]
    private static partial Regex Token();

    [GeneratedRegex("""
        <(?:link|script)[^>]*\s(?:href|src)="([^"]+)"
        """)]
    private static partial Regex Files();
}
