using System.Runtime.CompilerServices;
using BubbleSync.Etl.Model;

namespace BubbleSync.Etl.Extract;

/// <summary>Reads some of an entity's records, spread evenly over its history. No chance is in it: the same data give the same records.</summary>
internal sealed class SampleReader(EntitySource source, WindowPlanner planner, BubbleSettings settings, ReadingOrder order)
{
    // Else a small sample would be one page from the beginning of each window, and of a short history its oldest days.
    private const int LeastStretches = 20;

    /// <summary>Gives about <paramref name="wanted"/> records, window by window; each window is one reading.</summary>
    public async IAsyncEnumerable<Reading> ReadAsync(Probe whole, long wanted, DateTimeOffset end, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (passed, taken, total) = (0L, 0L, whole.Total!.Value);
        var stretch = Math.Clamp(wanted / LeastStretches, 1, settings.PageSize);
        await foreach (var window in planner.PlanAsync(whole, end, [], cancellationToken))
        {
            // Windows are planned nearly full, so that this needs no count of its own.
            var inside = Math.Min(settings.WindowSize, total - passed);
            passed += inside;
            var due = (passed * wanted / total) - taken;
            taken += due;
            if (due == 0)
                continue;

            await foreach (var reading in ReadAsync(window, inside, due, stretch, cancellationToken))
                yield return reading;
        }
    }

    private async IAsyncEnumerable<Reading> ReadAsync(Window window, long inside, long due, long stretch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reading = new WindowReading(window, 1);
        var pages = (int)((due + stretch - 1) / stretch);
        var rows = 0L;
        for (var i = 0; i < pages; i++)
        {
            var taken = due * i / pages;
            var left = (inside - due) * ((2 * i) + 1) / (2 * pages);
            var page = await source.PageAsync(window, left + taken, (int)((due * (i + 1) / pages) - taken), cancellationToken);
            rows += page.Count;
            yield return new PageRead(reading, page, order.Take(page.Count));
        }

        yield return new ReadingEnded(reading, pages, new Verdict(Outcome.Proved, null, rows, null, null));
    }
}
