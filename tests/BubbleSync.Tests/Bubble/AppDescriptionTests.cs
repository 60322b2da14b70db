using BubbleSync.Etl.Settings;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>The app's description of its types, and what is taken for one.</summary>
public sealed class AppDescriptionTests
{
    private const string Meta = """{"get":["agent"],"types":{"agent":{"display":"agent","fields":[{"id":"name_text","display":"Name","type":"text"}]}}}""";
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
    public async Task A_404_that_comes_with_200_means_that_there_is_none()
    {
        const string None = """{"statusCode":404,"body":{"status":"NOT_FOUND","message":"no meta"}}""";
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ => ScriptedBubble.Json(None));

        using var meta = await Task.Run(() => bubble.Client.DescribeAsync("meta", CancellationToken.None)).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Null(meta);
    }
}
