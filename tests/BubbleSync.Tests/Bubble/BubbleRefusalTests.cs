using System.Net;
using System.Security.Authentication;
using System.Text;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>A refusal is reported in its own words, with a remedy that fits: that of the app, or of a server in front of it.</summary>
public sealed class BubbleRefusalTests
{
    [Theory]
    [InlineData(403, "text/html", "<html><title>Just a moment...</title></html>", ErrorCode.SourceForbidden, "Just a moment")]
    [InlineData(403, "text/plain", "error code: 1006", ErrorCode.SourceForbidden, "error code: 1006")]
    [InlineData(403, "application/json", """{"message":"Forbidden"}""", ErrorCode.SourceForbidden, "(403: Forbidden)")]
    [InlineData(403, "application/json", """{"message":"Missing Authentication Token"}""", ErrorCode.SourceForbidden, "Missing Authentication Token")]
    [
        InlineData(403,
            "application/json", """{"statusCode":403,"message":"No permission","error":"Forbidden"}""", ErrorCode.SourceForbidden, "Forbidden: No permission"),
    ]
    [InlineData(403, "application/problem+json", """{"type":"about:blank","title":"Access denied","detail":"Your address is blocked"}""",
        ErrorCode.SourceForbidden, "Access denied: Your address is blocked")]
    [InlineData(403, "application/json", """{"error":{"code":1009,"message":"Country blocked"}}""", ErrorCode.SourceForbidden, "Country blocked")]
    [InlineData(403, "application/json", """{"errors":[{"code":1009,"message":"Country blocked"}]}""", ErrorCode.SourceForbidden, "Country blocked")]
    [
        InlineData(403,
            "application/json", """{"statusCode":403,"body":{"status":"ERROR","message":"No permission"}}""", ErrorCode.TokenRefused, "403: No permission"),
    ]
    [InlineData(403, "application/json", """{"error_class":"Unauthorized","message":null,"translation":"You do not have permission"}""",
        ErrorCode.TokenRefused, "You do not have permission")]
    [
        InlineData(200,
            "application/json", """{"statusCode":403,"body":{"status":"ERROR","message":"No permission"}}""", ErrorCode.TokenRefused, "403: No permission"),
    ]
    [
        InlineData(401,
            "application/json", """{"error_class":"Unauthorized","translation":"Invalid"}""", ErrorCode.TokenRefused, "Set BUBBLESYNC_Bubble__ApiToken"),
    ]
    [InlineData(200, "application/json", """{"statusCode":404,"body":{"message":"Type not found x"}}""", ErrorCode.TypeNotExposed, "Type not found x")]
    public async Task It_is_named_by_who_refused(int status, string type, string body, ErrorCode code, string words)
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ => Answer(status, body, type));

        var failure = await Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync());

        Assert.Equal((code, 1), (failure.Errors[0].Code, bubble.Asked.Count));
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.Equal(code == ErrorCode.SourceForbidden, failure.Message.Contains("did not check the token", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(403)]
    [InlineData(200)]
    public async Task A_rule_of_the_app_is_not_blamed_on_the_token(int status)
    {
        const string Rule = """{"statusCode":403,"body":{"status":"ERROR","message":"IP not allowed"}}""";
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ => Answer(status, Rule, "application/json"));

        var failure = await Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync());

        Assert.Equal(ErrorCode.SourceForbidden, failure.Errors[0].Code);
        Assert.Contains("refused the request (403: IP not allowed)", failure.Message, StringComparison.Ordinal);
        Assert.Contains("which addresses may use it", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("ApiToken", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_to_slow_down_that_comes_with_200_slows_down()
    {
        const string Busy = """{"statusCode":429,"body":{"status":"ERROR","message":"Too many requests"}}""";
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), number => ScriptedBubble.Json(number == 1 ? Busy : ScriptedBubble.Good));
        var before = bubble.Throttle.AllowedPerMinute;

        using var page = await bubble.SearchAsync();

        Assert.Equal((1, 1L, 2), (page.Count, bubble.Meter.Counts.Throttled, bubble.Asked.Count));
        Assert.True(bubble.Throttle.AllowedPerMinute < before);
    }

    [Theory]
    [InlineData("https://other.example.com/version-live/api/1.1/obj/invoice?limit=1", "to 'https://other.example.com/version-live/api/1.1': set "
        + "Bubble:BaseUrl")]
    [InlineData("/version-live/api/1.1/obj/invoice", "to 'https://app.example.com/version-live/api/1.1': set Bubble:BaseUrl")]
    [InlineData("/login?secret=hush", "to another page of 'https://app.example.com', perhaps one to sign in")]
    [InlineData(null, "without an address")]
    [InlineData("https://app.example.com/api/1.1/obj/invoice/?secret=hush", "to the address of Bubble:BaseUrl itself, path '/api/1.1/obj/invoice/'")]
    [InlineData("?secret=hush", "the server in front of it")]
    public async Task A_redirect_says_where_to_without_what_was_sent(string? location, string words)
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ =>
        {
            var answer = Answer(302, "", "text/html");
            answer.Headers.Location = location is null ? null : new Uri(location, UriKind.RelativeOrAbsolute);
            return answer;
        });

        var failure = await Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync());

        Assert.Equal(ErrorCode.SourceMoved, failure.Errors[0].Code);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cache_that_says_not_modified_is_asked_again()
    {
        using var bubble = ScriptedBubble.Of(
            new BubbleSettings(), number => number == 1 ? Answer(304, "", "text/html") : ScriptedBubble.Json(ScriptedBubble.Good));

        using var page = await bubble.SearchAsync();

        Assert.Equal(2, bubble.Asked.Count);
    }

    [Fact]
    public async Task A_TLS_handshake_that_fails_is_told_with_its_real_cause()
    {
        var cause = new AuthenticationException("The remote certificate is invalid because of errors in the certificate chain: NotTimeValid");
        using var bubble = ScriptedBubble.Of(
            new BubbleSettings { MaxAttempts = 1, PatienceSeconds = 0 },
            _ => throw new HttpRequestException(
                HttpRequestError.SecureConnectionError, "The SSL connection could not be established, see inner exception.", cause));

        var failure = await Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync());

        Assert.Contains($"(the TLS handshake failed: {cause.Message}). Check that the server speaks TLS", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("inner exception", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    public async Task Records_in_another_encoding_that_is_not_named_are_in_no_message(string type)
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings { MaxAttempts = 1, PatienceSeconds = 0 }, _ =>
        {
            var content = new ByteArrayContent(Encoding.Unicode.GetBytes(ScriptedBubble.Good.Replace("1x1", "Zoë", StringComparison.Ordinal)));
            content.Headers.TryAddWithoutValidation("Content-Type", type);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
        });

        var failure = await Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync());

        Assert.Contains($"bytes of {type}", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Z", failure.Message.Replace("\0", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_byte_order_mark_is_passed_over()
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ => ScriptedBubble.Json("\uFEFF" + ScriptedBubble.Good));

        using var page = await bubble.SearchAsync();

        Assert.Equal((1, 1), (page.Count, bubble.Asked.Count));
    }

    [Theory]
    [InlineData("iso-8859-1")]
    [InlineData("utf-16")]
    public async Task A_body_in_another_character_set_is_refused_at_once_and_names_it(string set)
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ =>
        {
            var content = new ByteArrayContent(Encoding.GetEncoding(set).GetBytes(ScriptedBubble.Good.Replace("1x1", "Zoë", StringComparison.Ordinal)));
            content.Headers.TryAddWithoutValidation("Content-Type", $"application/json; charset={set}");
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
        });

        var failure = await Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync());

        Assert.Equal((ErrorCode.SourceCharset, 1), (failure.Errors[0].Code, bubble.Asked.Count));
        Assert.Contains($"the character set '{set}'", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("iso-8859-1", "Zo", true)]
    [InlineData("iso-8859-1", "Zoë", false)]
    [InlineData("utf-8", "Zoë", true)]
    [InlineData("\"UTF-8\"", "Zoë", true)]
    public async Task A_character_set_that_could_change_letters_is_refused(string set, string name, bool isRead)
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ =>
        {
            var body = $$$"""{"response":{"cursor":0,"results":[{"_id":"1x1","Name":"{{{name}}}"}],"count":1,"remaining":0}}""";
            var answer = Answer(200, body, "application/json");
            answer.Content.Headers.Remove("Content-Type");
            answer.Content.Headers.TryAddWithoutValidation("Content-Type", $"application/json; charset={set}");
            return answer;
        });

        var failure = await Record.ExceptionAsync(async () => (await bubble.SearchAsync()).Dispose());

        Assert.Equal(isRead ? null : ErrorCode.SourceCharset, (failure as SyncException)?.Errors[0].Code);
        Assert.Equal(isRead, failure is null);
    }

    private static HttpResponseMessage Answer(int status, string body, string type) =>
        new((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, type) };
}
