using BubbleSync.Etl;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Bubble.Throttling;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Survival;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>The calls that are counted are the requests that the server reads, whatever the connection pool does.</summary>
public sealed class CountedCallTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_request_that_is_read_but_not_answered_is_repeated_and_counted(int everyNth)
    {
        await using var server = new ClosingServer(number => number % everyNth == 0 ? Closing.WithoutAnswer : Closing.No);
        var meter = new ApiMeter();
        using var client = Client(server, meter);

        for (var page = 0; page < 10; page++)
            (await SearchAsync(client)).Dispose();

        Assert.Equal(server.Requests, meter.Counts.Calls);
        Assert.Equal(server.Requests - 10, meter.Counts.Retries);
        Assert.InRange(server.Requests, 11, 20);
    }

    [Fact]
    public async Task Requests_side_by_side_are_counted_too()
    {
        await using var server = new ClosingServer(number => number % 2 == 0 ? Closing.WithoutAnswer : Closing.No);
        var meter = new ApiMeter();
        using var client = Client(server, meter);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => (await SearchAsync(client)).Dispose()));

        Assert.Equal(server.Requests, meter.Counts.Calls);
        Assert.Equal(server.Requests - 20, meter.Counts.Retries);
    }

    [Fact]
    public async Task The_call_budget_holds_where_no_request_is_answered()
    {
        await using var server = new ClosingServer(number => number == 1 ? Closing.No : Closing.WithoutAnswer);
        var meter = new ApiMeter(mostCalls: 5);
        using var client = Client(server, meter);
        (await SearchAsync(client)).Dispose();

        var failure = await Assert.ThrowsAsync<SyncException>(() => SearchAsync(client));

        Assert.Equal(ErrorCode.CallBudget, failure.Errors[0].Code);
        Assert.Equal(5, server.Requests);
    }

    [Fact]
    public async Task A_failure_says_that_the_connection_was_closed_without_an_answer()
    {
        await using var server = new ClosingServer(_ => Closing.WithoutAnswer);
        using var client = Client(server, new ApiMeter(), maxAttempts: 2);

        var failure = await Assert.ThrowsAsync<SyncException>(() => SearchAsync(client));

        Assert.Equal(ErrorCode.SourceUnreachable, failure.Errors[0].Code);
        Assert.Contains("closed the connection without an answer", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, server.Requests);
    }

    [Fact]
    public async Task A_connection_that_was_closed_while_idle_costs_no_call()
    {
        await using var server = new ClosingServer(_ => Closing.AfterAnswer);
        var meter = new ApiMeter();
        using var client = Client(server, meter);

        for (var page = 0; page < 10; page++)
        {
            (await SearchAsync(client)).Dispose();
            Assert.True(await server.Closed.WaitAsync(TimeSpan.FromSeconds(30)));
        }

        Assert.Equal(10, server.Requests);
        Assert.Equal((10, 0), (meter.Counts.Calls, meter.Counts.Retries));
    }

    [Fact]
    public async Task Nothing_is_written_to_a_connection_that_has_ended()
    {
        using var ended = new MemoryStream();
        await using var stream = new SendOnceStream(ended);
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));

        await stream.WriteAsync("GET"u8.ToArray());

        Assert.Equal(0, ended.Length);
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task The_end_of_a_connection_may_be_the_end_of_an_answer()
    {
        using var connection = new MemoryStream("GETa"u8.ToArray());
        await using var stream = new SendOnceStream(connection);
        await stream.WriteAsync("GET"u8.ToArray());

        // The pool waits for an answer without room for it.
        Assert.Equal(0, await stream.ReadAsync(Memory<byte>.Empty));
        Assert.Equal(1, await stream.ReadAsync(new byte[1]));
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
    }

    private static BubbleClient Client(ClosingServer server, ApiMeter meter, int maxAttempts = 6)
    {
        var clock = new FastClock(100);
        var settings = new BubbleSettings { BaseUrl = server.Address, MaxAttempts = maxAttempts, TimeoutSeconds = 3000 };
        return new BubbleClient(settings, new Throttle(settings.MaxConcurrency, 1_000_000, clock), meter, clock, NullLogger.Instance);
    }

    private static Task<Etl.Messages.RawPage> SearchAsync(BubbleClient client) =>
        client.SearchAsync(new BubbleQuery("invoice", [], 0, 100), "invoice", 0, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
}
