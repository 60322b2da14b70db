using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>An answer that contradicts itself is asked for again; none ever decides what is read.</summary>
public sealed class ContradictionTests
{
    private const string EmptyThoughRowsRemain = """{"response":{"results":[],"count":0,"remaining":600}}""";

    [Theory]
    [InlineData(EmptyThoughRowsRemain, "it sends no results though 600 remain")]
    [InlineData("""{"response":{"results":[{},{}],"count":3,"remaining":0}}""", "it says count 3 but sends 2 results")]
    [InlineData("""{"response":{"results":[{}],"count":0,"remaining":0}}""", "it says count 0 but sends 1 result.")]
    [InlineData("""{"response":{"results":[{}],"count":1,"remaining":-1}}""", "it says that -1 records remain")]
    [InlineData("""{"response":{"results":[{}],"count":1,"remaining":9000000000000000000}}""", "it says that 9000000000000000000 records remain")]
    [InlineData("""{"response":{"cursor":100,"results":[],"count":0,"remaining":0}}""", "it begins with row 100, though row 0 was asked for")]
    public async Task It_is_asked_for_again_and_named_where_it_stays(string contradiction, string told)
    {
        using var once = ScriptedBubble.Of(new BubbleSettings(), number => ScriptedBubble.Json(number == 1 ? contradiction : ScriptedBubble.Good));
        using var always = ScriptedBubble.Of(new BubbleSettings { MaxAttempts = 2, PatienceSeconds = 0 }, _ => ScriptedBubble.Json(contradiction));

        using var page = await once.SearchAsync();
        var failure = await Assert.ThrowsAsync<SyncException>(() => always.SearchAsync());

        Assert.Equal((1, 2, 1L), (page.Count, once.Asked.Count, once.Meter.Counts.Retries));
        Assert.Equal((ErrorCode.SourceContradicts, 2), (failure.Errors[0].Code, always.Asked.Count));
        var said = $"invoice: Bubble ({ScriptedBubble.Host}) answered 200 with a page that contradicts itself: {told}";
        Assert.StartsWith(said, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"response":{"results":[]}}""")]
    [InlineData("""{"response":{"results":[],"count":0,"remaining":0}}""")]
    [InlineData("""{"response":{"results":[{}],"remaining":5}}""")]
    [InlineData("""{"response":{"results":[{}],"count":1}}""")]
    [InlineData("""{"response":{"cursor":0,"results":[{}],"count":1,"remaining":0}}""")]
    public async Task What_is_left_out_is_no_contradiction(string body)
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ => ScriptedBubble.Json(body));

        (await bubble.SearchAsync()).Dispose();

        Assert.Single(bubble.Asked);
    }

    [Fact]
    public async Task Below_the_ceiling_an_empty_page_is_asked_for_again()
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), number => ScriptedBubble.Json(number <= 3 ? EmptyThoughRowsRemain : ScriptedBubble.Good));

        using var page = await bubble.SearchAsync(cursor: 100);

        Assert.Equal((1, 4, 3L), (page.Count, bubble.Asked.Count, bubble.Meter.Counts.Retries));
    }

    [Fact]
    public async Task A_ceiling_that_is_lower_than_the_settings_say_is_handed_on_and_found_out_once()
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ => ScriptedBubble.Json(EmptyThoughRowsRemain));

        using var first = await bubble.SearchAsync(cursor: 100);
        var asked = bubble.Asked.Count;
        using var second = await bubble.SearchAsync(cursor: 150);

        Assert.True(first.IsEmptyThoughRowsRemain && second.IsEmptyThoughRowsRemain);
        Assert.Equal((6, 7), (asked, bubble.Asked.Count));
    }

    [Fact]
    public async Task From_the_ceiling_on_an_empty_page_is_taken_at_once()
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings { OffsetCeiling = 5000 }, _ => ScriptedBubble.Json(EmptyThoughRowsRemain));

        (await bubble.SearchAsync(cursor: 5000)).Dispose();

        Assert.Single(bubble.Asked);
    }
}
