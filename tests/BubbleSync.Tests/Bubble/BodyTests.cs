using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BubbleSync.Etl;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Bubble.Throttling;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Survival;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>Bodies that cannot be read: tried again, and named with host, entity and status where they stay so.</summary>
public sealed class BodyTests : IDisposable
{
    private const string Host = "bubble.example.com";

    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public BodyTests() => _listener.Start();

    public static TheoryData<string, string, string> Broken => new()
    {
        { "gzip", "oops", "its compression is broken" },
        { "deflate", "oops", "its compression is broken" },
        { "gzip", "noise", "its compression is broken" },
        { "br", "noise", "its compression is broken" },
        { "gzip", "flipped", "its compression is broken" },
        { "br", "flipped", "its compression is broken" },
        { "zstd", "oops", "its encoding 'zstd' was not requested" },
        { "gzip", "short", "the connection ended before the whole body was received" },
        { "identity", "short", "the connection ended before the whole body was received" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_good_answer_with_a_broken_body_is_asked_for_again_and_named(string encoding, string body, string told)
    {
        using var once = Client(maxAttempts: 6, Answer(200, encoding, body), Answer(200, "identity", "good"));
        using var page = await SearchAsync(once);
        using var always = Client(maxAttempts: 1, Answer(200, encoding, body));
        var failure = await Assert.ThrowsAsync<SyncException>(() => SearchAsync(always));

        Assert.Equal(1, page.Count);
        Assert.Equal(ErrorCode.SourceGarbled, failure.Errors[0].Code);
        Assert.StartsWith($"invoice: Bubble ({Host}) answered 200 with a body that cannot be read: {told}.", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_failure_with_a_broken_body_keeps_its_status(string encoding, string body, string told)
    {
        using var client = Client(maxAttempts: 1, Answer(502, encoding, body));

        var failure = await Assert.ThrowsAsync<SyncException>(() => SearchAsync(client));

        Assert.Equal(ErrorCode.SourceBusy, failure.Errors[0].Code);
        Assert.StartsWith($"invoice: Bubble ({Host}) answered 502 (with a body that cannot be read: {told}).", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_refused_is_refused_whatever_the_body_is()
    {
        using var client = Client(maxAttempts: 6, Answer(401, "gzip", "oops"));

        var failure = await Assert.ThrowsAsync<SyncException>(() => SearchAsync(client));

        Assert.Equal(ErrorCode.TokenRefused, failure.Errors[0].Code);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task What_is_packed_well_is_read(string encoding)
    {
        using var client = Client(maxAttempts: 1, Answer(200, encoding, "good"));

        using var page = await SearchAsync(client);

        Assert.Equal(1, page.Count);
    }

    [Fact]
    public async Task A_body_that_is_not_UTF_8_is_asked_for_again_and_named()
    {
        using var once = Client(maxAttempts: 6, Answer(200, "identity", "cut letter"), Answer(200, "identity", "good"));
        using var page = await SearchAsync(once);
        using var always = Client(maxAttempts: 1, Answer(200, "identity", "cut letter"));
        var failure = await Assert.ThrowsAsync<SyncException>(() => SearchAsync(always));

        Assert.Equal((1, ErrorCode.SourceGarbled), (page.Count, failure.Errors[0].Code));
        Assert.StartsWith($"invoice: Bubble ({Host}) answered 200 with a body that is not UTF-8", failure.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _limit.Dispose();
    }

    private static byte[] Answer(int status, string encoding, string body)
    {
        var good = Packed(encoding, Encoding.UTF8.GetBytes(ScriptedBubble.Good));
        byte[] bytes = body switch
        {
            "oops" => "oops"u8.ToArray(),
            "cut letter" => [.. """{"response":{"results":[{"Name":"Zo"""u8, 0xC3, .. "\"}],\"count\":1,\"remaining\":0}}"u8],
            "noise" => [.. Enumerable.Repeat((byte)0xFF, 64)],
            "short" => good[..(good.Length / 2)],
            "flipped" => [.. good.Select((b, i) => i == good.Length / 2 ? (byte)~b : b)],
            _ => good,
        };
        var length = body == "short" ? good.Length : bytes.Length;
        var head = $"HTTP/1.1 {status} Whatever\r\nContent-Encoding: {encoding}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. bytes];
    }

    private static byte[] Packed(string encoding, byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (Stream packer = encoding switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Optimal),
            "deflate" => new ZLibStream(packed, CompressionLevel.Optimal),
            "br" => new BrotliStream(packed, CompressionLevel.Optimal),
            _ => packed,
        })
            packer.Write(bytes);
        return packed.ToArray();
    }

    // The program's own handler, led to answers that are given byte by byte: loopback addresses get no compression.
    private BubbleClient Client(int maxAttempts, params byte[][] answers)
    {
        _ = ServeAsync(answers);
        var clock = new FastClock(30);
        var patience = maxAttempts == 1 ? 0 : 300;
        var settings = new BubbleSettings
        {
            BaseUrl = new Uri($"http://{Host}/api/1.1/"),
            MaxAttempts = maxAttempts,
            PatienceSeconds = patience,
            TimeoutSeconds = 600,
        };
        var handler = RequestSender.CreateHandler(settings);
        handler.ConnectCallback = async (_, stop) =>
        {
            var client = new TcpClient();
            await client.ConnectAsync((IPEndPoint)_listener.LocalEndpoint, stop);
            return client.GetStream();
        };
        return new BubbleClient(settings, new Throttle(1, 1_000_000, clock), new ApiMeter(), clock, NullLogger.Instance, handler);
    }

    private Task<Etl.Messages.RawPage> SearchAsync(BubbleClient client) =>
        client.SearchAsync(new BubbleQuery("invoice", [], 0, 100), "invoice", 0, _limit.Token);

    private async Task ServeAsync(byte[][] answers)
    {
        foreach (var answer in answers)
        {
            using var client = await _listener.AcceptTcpClientAsync(_limit.Token);
            var stream = client.GetStream();
            var head = new StringBuilder();
            var buffer = new byte[4096];
            while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
                head.Append(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, _limit.Token)));
            await stream.WriteAsync(answer, _limit.Token);
        }
    }
}
