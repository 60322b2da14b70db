using System.Runtime.CompilerServices;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Extract.Samples;

/// <summary>Reads the newest records of an entity by Created Date, page by page. They are a first look, so nothing is verified by counts.</summary>
internal sealed class NewestReader(EntitySource source, BubbleSettings settings, ReadingOrder order)
{
    /// <summary>Reads as one reading.</summary>
    /// <param name="wanted">The number of records; Bubble may have fewer.</param>
    /// <param name="end">The upper bound of Created Date, so that a record that is created meanwhile moves no other.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async IAsyncEnumerable<Reading> ReadAsync(long wanted, DateTimeOffset end, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reading = new WindowReading(Window.Newest(end), 1);
        var (rows, pages) = (0L, 0);
        for (var isMore = true; isMore && rows < wanted;)
        {
            var page = await source.PageAsync(reading.Window, rows, (int)Math.Min(settings.PageSize, wanted - rows), cancellationToken);
            (rows, pages, isMore) = (rows + page.Count, pages + 1, page.Count > 0 && page.Remaining != 0);
            yield return new PageRead(reading, page, order.Take(page.Count));
        }

        yield return new ReadingEnded(reading, pages, new ReadingResult(Outcome.Verified, null, rows, null, null));
    }
}
