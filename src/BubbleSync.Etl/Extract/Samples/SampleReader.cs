using System.Runtime.CompilerServices;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Extract.Samples;

/// <summary>
/// Reads some of an entity's records in stretches, spread evenly over its history. The choice is not random: the same data give the same records. A sample of a
/// tenth of the records costs about a tenth of the calls.
/// </summary>
internal sealed class SampleReader(EntitySource source, BubbleSettings settings, ReadingOrder order)
{
    // A small sample is read in more stretches than it needs pages, because a few days do not represent the whole history: at most a tenth of all pages, and at
    // most this number.
    private const int MostSpread = 20;
    private const int PagesPerStretch = 10;

    // A place is found by its offset. A window of this size costs one probe for many pages and stays below the ceiling.
    private readonly BubbleSettings _wide = settings with { WindowSize = Math.Max(1, settings.OffsetCeiling / 2) };

    /// <summary>Reads about <paramref name="wanted"/> records, window by window; each window is one reading.</summary>
    /// <param name="whole">The count of the whole type.</param>
    /// <param name="wanted">The number of records; fewer than exist.</param>
    /// <param name="end">The upper bound of Created Date.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async IAsyncEnumerable<Reading> ReadAsync(Probe whole, long wanted, DateTimeOffset end, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (first, total) = (0L, whole.Total!.Value);
        var stretches = Stretches(total, wanted);
        await foreach (var window in new WindowPlanner(source, _wide).PlanAsync(whole, end, [], cancellationToken))
        {
            // Windows are planned nearly full, so no further count is needed.
            var next = Math.Min(first + _wide.WindowSize, total);
            var inside = stretches.Select(s => (From: Math.Max(s.From, first), To: Math.Min(s.To, next))).Where(s => s.From < s.To).ToList();
            var reading = new WindowReading(window, 1);
            var (rows, pages) = (0L, 0);
            foreach (var (from, to) in inside)
            {
                // A page may have fewer records than asked for.
                for (long cursor = from, read = 1; read > 0 && cursor < to; cursor += read)
                {
                    var page = await source.PageAsync(window, cursor - first, (int)(to - cursor), cancellationToken);
                    pages++;
                    rows += page.Count;
                    read = page.Count;
                    yield return new PageRead(reading, page, order.Take(page.Count));
                }
            }

            if (inside.Count > 0)
                yield return new ReadingEnded(reading, pages, new ReadingResult(Outcome.Verified, null, rows, null, null));
            first = next;
        }
    }

    // Ranks of records, each stretch no longer than a page, with equal gaps between them and half a gap at both ends.
    private List<(long From, long To)> Stretches(long total, long wanted)
    {
        var count = Math.Min(wanted, Math.Max(Pages(wanted), Math.Min(MostSpread, Pages(total) / PagesPerStretch)));
        var stretches = new List<(long From, long To)>();
        for (var i = 0L; i < count; i++)
        {
            var gaps = (total - wanted) * ((2 * i) + 1) / (2 * count);
            stretches.Add((gaps + (wanted * i / count), gaps + (wanted * (i + 1) / count)));
        }

        return stretches;
    }

    private long Pages(long records) => (records + settings.PageSize - 1) / settings.PageSize;
}
