using System.Runtime.CompilerServices;
using BubbleSync.Etl.Model;

namespace BubbleSync.Etl.Extract;

/// <summary>Reads some of an entity's records, spread evenly over its history. No chance is in it: the same data give the same records.</summary>
internal sealed class SampleReader(EntitySource source, WindowPlanner planner, BubbleSettings settings, ReadingOrder order)
{
    /// <summary>Gives about <paramref name="wanted"/> records, window by window; each window is one reading.</summary>
    public async IAsyncEnumerable<Reading> ReadAsync(Probe whole, long wanted, DateTimeOffset end, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (passed, taken, total) = (0L, 0L, whole.Total!.Value);
        await foreach (var window in planner.PlanAsync(whole, end, [], cancellationToken))
        {
            // Windows are planned nearly full, so that this needs no count of its own.
            var inside = Math.Min(settings.WindowSize, total - passed);
            passed += inside;
            var due = (passed * wanted / total) - taken;
            taken += due;
            if (due == 0)
                continue;

            await foreach (var reading in ReadAsync(window, inside, due, cancellationToken))
                yield return reading;
        }
    }

    private async IAsyncEnumerable<Reading> ReadAsync(Window window, long inside, long due, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reading = new WindowReading(window, 1);
        var pages = (int)((due + settings.PageSize - 1) / settings.PageSize);
        var rows = 0L;
        for (var i = 0; i < pages; i++)
        {
            var limit = (int)((due * (i + 1) / pages) - (due * i / pages));
            var page = await source.PageAsync(window, inside * i / pages, limit, cancellationToken);
            rows += page.Count;
            yield return new PageRead(reading, page, order.Take(page.Count));
        }

        yield return new ReadingEnded(reading, pages, new Verdict(Outcome.Proved, null, rows, null, null));
    }
}
