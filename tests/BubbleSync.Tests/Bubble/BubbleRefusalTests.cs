using System.Net;
using System.Text;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>What refuses a request is told by its own words, with a remedy that fits: the app, or a server on the way.</summary>
public sealed class BubbleRefusalTests
{
    [Theory]
    [InlineData(403, "text/html", "<html><title>Just a moment...</title></html>", ErrorCode.SourceForbidden, "Just a moment")]
    [InlineData(403, "text/plain", "error code: 1006", ErrorCode.SourceForbidden, "error code: 1006")]
    [InlineData(403, "application/json", """{"statusCode":403,"body":{"status":"ERROR","message":"IP not allowed"}}""", ErrorCode.TokenRefused, "IP not allowed")]
    [InlineData(401, "application/json", """{"error_class":"Unauthorized","translation":"Invalid"}""", ErrorCode.TokenRefused, "Set BUBBLESYNC_Bubble__ApiToken")]
    [InlineData(200, "application/json", """{"statusCode":404,"body":{"message":"Type not found x"}}""", ErrorCode.TypeNotExposed, "Type not found x")]
    public async Task It_is_named_by_who_refused(int status, string type, string body, ErrorCode code, string words)
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ => Answer(status, body, type));

        var failure = await Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync());

        Assert.Equal((code, 1), (failure.Errors[0].Code, bubble.Asked.Count));
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.Equal(code == ErrorCode.SourceForbidden, failure.Message.Contains("The token was not looked at", StringComparison.Ordinal));
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
    [InlineData("https://other.example.com/version-live/api/1.1/obj/invoice?limit=1", "to 'https://other.example.com/version-live/api/1.1': put the address")]
    [InlineData("/version-live/api/1.1/obj/invoice", "to 'https://app.example.com/version-live/api/1.1': put the address")]
    [InlineData("/login?secret=hush", "to another page of 'https://app.example.com', perhaps one to sign in")]
    [InlineData(null, "without saying where to")]
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
    public async Task A_byte_order_mark_is_passed_over()
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ => ScriptedBubble.Json("\uFEFF" + ScriptedBubble.Good));

        using var page = await bubble.SearchAsync();

        Assert.Equal((1, 1), (page.Count, bubble.Asked.Count));
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
