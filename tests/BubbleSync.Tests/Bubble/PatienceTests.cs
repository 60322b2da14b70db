using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>How long the client goes on asking: refusals and outages are outlasted by time, not by a number of attempts.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class PatienceTests
{
    public static TheoryData<int> ForATime => [408, 421, 425, 429, 500, 502, 503, 504, 520];

    [Theory]
    [MemberData(nameof(ForATime))]
    public async Task Two_minutes_of_refusals_are_outlasted_by_default_and_few_requests_are_sent_meanwhile(int status)
    {
        using var bubble = ScriptedBubble.RefusingFor(120, new BubbleSettings(), () => ScriptedBubble.Status(status));

        var pages = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => bubble.SearchAsync()));

        Assert.All(pages, page => page.Dispose());
        Assert.True(bubble.Now >= TimeSpan.FromSeconds(120));
        // Eight places, then one at a time.
        Assert.InRange(bubble.Asked.Count(at => at.TotalSeconds < 120), 8, 40);
    }

    [Fact]
    public async Task Connections_that_break_for_two_minutes_are_outlasted_once_the_address_has_answered()
    {
        ScriptedBubble? bubble = null;
        using var made = bubble = ScriptedBubble.Of(
            new BubbleSettings(),
            number => number == 1 || bubble!.Now.TotalSeconds > 120 ? ScriptedBubble.Json(ScriptedBubble.Good) : throw new HttpRequestException("refused"));
        (await bubble.SearchAsync()).Dispose();

        (await bubble.SearchAsync()).Dispose();

        Assert.True(bubble.Now >= TimeSpan.FromSeconds(120));
    }

    [Theory]
    [InlineData(500, ErrorCode.SourceBusy)]
    [InlineData(429, ErrorCode.SourceThrottled)]
    public async Task A_dead_source_ends_once_patience_is_over_and_not_sooner(int status, ErrorCode code)
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings { PatienceSeconds = 90, MaxAttempts = 2 }, _ => ScriptedBubble.Status(status));

        var failures = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync())));

        Assert.True(bubble.Now >= TimeSpan.FromSeconds(90));
        Assert.InRange(bubble.Asked.Count, 8, 40);
        Assert.All(failures, failure =>
        {
            Assert.Equal(code, failure.Errors[0].Code);
            Assert.Contains(ScriptedBubble.Host, failure.Message, StringComparison.Ordinal);
            Assert.Contains("Bubble:PatienceSeconds (90)", failure.Message, StringComparison.Ordinal);
            Assert.Contains("To finish, resume the run once Bubble answers again.", failure.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task A_page_that_always_fails_ends_though_all_others_are_good()
    {
        using var bubble = ScriptedBubble.Of(
            new BubbleSettings { PatienceSeconds = 20, MaxAttempts = 3 },
            (_, query, _) => Task.FromResult(
                query.Contains("cursor=0&", StringComparison.Ordinal) ? ScriptedBubble.Status(500) : ScriptedBubble.Json(ScriptedBubble.Good)));
        var failing = bubble.SearchAsync();

        while (!failing.IsCompleted)
            (await bubble.SearchAsync(cursor: 100)).Dispose();

        var failure = await Assert.ThrowsAsync<SyncException>(() => failing);
        Assert.Equal(ErrorCode.SourceBusy, failure.Errors[0].Code);
    }

    [Fact]
    public async Task An_address_that_never_answers_is_given_up_after_its_attempts()
    {
        using var bubble = ScriptedBubble.Of(
            new BubbleSettings { PatienceSeconds = 86_400 },
            HttpResponseMessage (int _) => throw new HttpRequestException(HttpRequestError.NameResolutionError, "no such host"));

        var failure = await Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync());

        Assert.Equal((ErrorCode.SourceUnreachable, 6), (failure.Errors[0].Code, bubble.Asked.Count));
        Assert.Contains("has never answered", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(414)]
    [InlineData(302)]
    public async Task What_is_refused_for_good_is_not_asked_again(int status)
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings(), _ => ScriptedBubble.Status(status));

        await Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync());

        Assert.Single(bubble.Asked);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_wait_that_Bubble_asks_for_is_kept_by_all_and_reported_once(int status)
    {
        using var bubble = ScriptedBubble.RefusingFor(40, new BubbleSettings(), () => ScriptedBubble.Status(status, "45"));

        var pages = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => bubble.SearchAsync()));

        Assert.All(pages, page => page.Dispose());
        Assert.InRange(bubble.Asked.Count(at => at.TotalSeconds < 45), 1, 8);
        Assert.StartsWith($"Bubble ({ScriptedBubble.Host}) asks to wait 45 s, until ", Assert.Single(bubble.Waits), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_that_is_given_as_a_date_counts_on_the_servers_clock()
    {
        var server = DateTimeOffset.UnixEpoch.AddYears(40);
        using var bubble = ScriptedBubble.RefusingFor(5, new BubbleSettings(), () =>
        {
            var refusal = ScriptedBubble.Status(503, $"{server.AddSeconds(30):R}");
            refusal.Headers.Date = server;
            return refusal;
        });

        (await bubble.SearchAsync()).Dispose();

        Assert.True(bubble.Asked[1] >= TimeSpan.FromSeconds(30));
        Assert.Contains("asks to wait 30 s", Assert.Single(bubble.Waits), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429, 300, 3600)]
    [InlineData(503, 300, 302)]
    [InlineData(429, 0, 2)]
    public async Task A_wait_that_is_longer_than_patience_ends_it_at_once_with_its_time(int status, int patience, int wait)
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings { PatienceSeconds = patience }, _ => ScriptedBubble.Status(status, $"{wait}"));
        var until = bubble.Clock.GetUtcNow().AddSeconds(wait);

        var failure = await Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync());

        Assert.Single(bubble.Asked);
        Assert.Equal(ErrorCode.SourceWaitTooLong, failure.Errors[0].Code);
        Assert.Contains($"asks to wait {wait} s, until {until.UtcDateTime:yyyy-MM-dd'T'HH:}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("To finish, resume the run after ", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.IsUsage);
    }

    [Fact]
    public async Task A_request_that_is_never_answered_is_sent_again_after_its_time_out()
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings { TimeoutSeconds = 50 }, async (number, _, stop) =>
        {
            await Task.Delay(number == 1 ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, stop);
            return ScriptedBubble.Json(ScriptedBubble.Good);
        });

        (await bubble.SearchAsync()).Dispose();

        Assert.True(bubble.Asked[1] >= TimeSpan.FromSeconds(50));
    }

    [Fact]
    public async Task A_long_pause_between_two_probes_is_reported_and_shown()
    {
        using var bubble = ScriptedBubble.RefusingFor(60, new BubbleSettings(), () => ScriptedBubble.Status(502));

        var page = bubble.SearchAsync();
        while (bubble.Throttle.WaitingUntil is null && !page.IsCompleted)
            await Task.Yield();
        (await page).Dispose();

        Assert.NotEmpty(bubble.Waits);
        var said = $"Bubble ({ScriptedBubble.Host}) does not answer as it should; the next request is sent at ";
        Assert.All(bubble.Waits, wait => Assert.StartsWith(said, wait, StringComparison.Ordinal));
    }
}
