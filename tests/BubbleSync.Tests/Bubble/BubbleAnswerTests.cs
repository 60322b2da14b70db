using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>Bodies of good answers that are no search result.</summary>
public sealed class BubbleAnswerTests
{
    [Theory]
    [InlineData("{\"response\":\n{\"results\":[oops", "(it breaks at line 2, byte 12)")]
    [InlineData("", "(it breaks at line 1, byte 0)")]
    [InlineData("{}", "(there is no response.results list in it)")]
    [InlineData("[]", "(there is no response.results list in it)")]
    [InlineData("""{"response":{"results":{}}}""", "(there is no response.results list in it)")]
    [InlineData("""{"response":[]}""", "(there is no response.results list in it)")]
    public async Task A_body_that_is_no_search_result_is_asked_for_again_and_named_with_its_place(string body, string place)
    {
        using var once = ScriptedBubble.Of(new BubbleSettings(), number => ScriptedBubble.Json(number == 1 ? body : ScriptedBubble.Good));
        using var always = ScriptedBubble.Of(new BubbleSettings { MaxAttempts = 2, PatienceSeconds = 0 }, _ => ScriptedBubble.Json(body));

        using var page = await once.SearchAsync();
        var failure = await Assert.ThrowsAsync<SyncException>(() => always.SearchAsync());

        Assert.Equal((1, 2), (page.Count, once.Asked.Count));
        Assert.Equal((ErrorCode.SourceGarbled, true, 2), (failure.Errors[0].Code, failure.IsTransient, always.Asked.Count));
        Assert.StartsWith(
            $"invoice: Bubble ({ScriptedBubble.Host}) answered 200 with a body that is no search result {place}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_gives_the_counts_of_its_answer_and_the_limit_that_was_asked_for()
    {
        using var bubble = ScriptedBubble.Of(
            new BubbleSettings(), _ => ScriptedBubble.Json("""{"response":{"cursor":0,"results":[{"_id":"1x1"},{"_id":"1x2"}],"count":2,"remaining":7}}"""));

        using var page = await bubble.SearchAsync();

        Assert.Equal((2, 7L, 100), (page.Count, page.Remaining, page.Limit));
        Assert.Equal("1x2", page.Records[1].GetProperty("_id").GetString());
    }
}
