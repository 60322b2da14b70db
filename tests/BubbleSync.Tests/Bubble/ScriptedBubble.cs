using System.Collections.Concurrent;
using System.Net;
using System.Text;
using BubbleSync.Etl;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Bubble.Throttling;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Diagnostics;
using BubbleSync.Tests.Survival;

namespace BubbleSync.Tests.Bubble;

/// <summary>A client whose requests a test answers itself, on a clock of short pauses.</summary>
internal sealed class ScriptedBubble : HttpMessageHandler
{
    public const string Host = "app.example.com";
    public const string Token = "k4711-Secret_Key.0815";
    public const string Good = """{"response":{"cursor":0,"results":[{"_id":"1x1"}],"count":1,"remaining":0}}""";

    private readonly ConcurrentQueue<TimeSpan> _asked = new();
    private readonly Func<int, string, CancellationToken, Task<HttpResponseMessage>> _answer;
    private readonly long _began;
    private int _number;

    private ScriptedBubble(BubbleSettings settings, Func<int, string, CancellationToken, Task<HttpResponseMessage>> answer)
    {
        _answer = answer;
        settings = settings with { BaseUrl = new Uri($"https://{Host}/api/1.1"), ApiToken = settings.ApiToken ?? Token };
        Throttle = new Throttle(settings.MaxConcurrency, 1_000_000, Clock);
        Client = new BubbleClient(settings, Throttle, Meter, Clock, Log, this);
        _began = Clock.GetTimestamp();
    }

    public FastClock Clock { get; } = new(100);

    public ApiMeter Meter { get; } = new(nextStep: NextStep.Resume);

    public ListLogger Log { get; } = new();

    public Throttle Throttle { get; }

    public BubbleClient Client { get; }

    /// <summary>How long the client exists.</summary>
    public TimeSpan Now => Clock.GetElapsedTime(_began);

    /// <summary>When each request was sent.</summary>
    public IReadOnlyList<TimeSpan> Asked => [.. _asked];

    /// <summary>What was logged of long waits.</summary>
    public IReadOnlyList<string> Waits => [.. Log.Lines.Where(l => l.Id.Id == SyncEngine.WaitEvent).Select(l => l.Text)];

    /// <summary>A client whose request of each number, from 1 on, gets this answer.</summary>
    public static ScriptedBubble Of(BubbleSettings settings, Func<int, HttpResponseMessage> answer) =>
        new(settings, (number, _, _) => Task.FromResult(answer(number)));

    /// <summary>A client whose requests, by number and address, get answers that may take their time.</summary>
    public static ScriptedBubble Of(BubbleSettings settings, Func<int, string, CancellationToken, Task<HttpResponseMessage>> answer) => new(settings, answer);

    /// <summary>A client whose requests are refused until so many seconds have passed.</summary>
    public static ScriptedBubble RefusingFor(double seconds, BubbleSettings settings, Func<HttpResponseMessage> refusal)
    {
        ScriptedBubble? made = null;
        return made = new ScriptedBubble(settings, (_, _, _) => Task.FromResult(made!.Now.TotalSeconds < seconds ? refusal() : Json(Good)));
    }

    public static HttpResponseMessage Json(string body) => new(HttpStatusCode.OK) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    public static HttpResponseMessage Status(int status, string? retryAfter = null)
    {
        var answer = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent("no") };
        if (retryAfter is not null)
            answer.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        return answer;
    }

    /// <summary>Asks for a page; off the test's own synchronization context.</summary>
    public Task<RawPage> SearchAsync(long cursor = 0) =>
        Task.Run(() => Client.SearchAsync(new BubbleQuery("invoice", [], cursor, 100), "invoice", 0, CancellationToken.None))
            .WaitAsync(TimeSpan.FromSeconds(60));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        _asked.Enqueue(Now);
        return await _answer(Interlocked.Increment(ref _number), request.RequestUri!.Query, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            Client.Dispose();
    }
}
