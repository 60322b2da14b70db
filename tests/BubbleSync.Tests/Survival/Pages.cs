using System.Collections.Concurrent;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>Watches which windows are read, and does something before the request of a number.</summary>
internal sealed class Pages
{
    private readonly ConcurrentQueue<SimulatedRequest> _seen = new();

    public Pages(SyncFixture fixture, Func<int, SimulatedRequest, Task>? before = null)
    {
        var number = 0;
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            _seen.Enqueue(request);
            return before?.Invoke(Interlocked.Increment(ref number), request) ?? Task.CompletedTask;
        };
    }

    /// <summary>The windows that a run which has ended has proved, in the words of requests; those of merged entities too.</summary>
    public static Task<List<string>> ProvedAsync(SyncFixture fixture) => fixture.RowsAsync("""
        select entity || ' [{"key":"Created Date","constraint_type":"greater than","value":"' || to_char((from_at - interval '1 ms') at time zone 'UTC',
          'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
          || '"},{"key":"Created Date","constraint_type":"less than","value":"' || to_char(to_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"}]'
        from bubblesync."window" where kind = 'created' and status = 'proved' and to_at is not null
        """);

    /// <summary>The first pages asked for since, as <see cref="ProvedAsync"/> names windows; counts of one row are none.</summary>
    public List<string> Begun => [.. _seen
        .Where(r => r is { Kind: RequestKind.List, Cursor: 0 } && !r.Line.Contains("limit=1&", StringComparison.Ordinal))
        .Select(r => $"{Maps.All.Single(m => Url(m.Type) == r.Type).Name} {r.Constraints}")];

    /// <summary>Makes sure that none of these windows was read.</summary>
    public void AssertNotRead(IReadOnlyCollection<string> windows)
    {
        Assert.NotEmpty(_seen);
        Assert.Empty(Begun.Intersect(windows));
    }

    /// <summary>Lets the second page of one window of items wait for the test, and nothing else.</summary>
    public static (Task IsReading, TaskCompletionSource MayGoOn) StallOne(SyncFixture fixture)
    {
        var (isReading, mayGoOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        fixture.Bubble.Traffic.OnRequest = request =>
            request is { Type: "invoice_item", Cursor: > 0 } && !request.Line.Contains("limit=1&", StringComparison.Ordinal) && isReading.TrySetResult()
                ? mayGoOn.Task
                : Task.CompletedTask;
        return (isReading.Task, mayGoOn);
    }

    private static string Url(string type) => type.ToLowerInvariant().Replace(" ", "", StringComparison.Ordinal);
}
