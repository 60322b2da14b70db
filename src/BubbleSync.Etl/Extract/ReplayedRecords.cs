using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using BubbleSync.Etl.Messages;

namespace BubbleSync.Etl.Extract;

/// <summary>Reads records that were kept as they were received, as if Bubble sent them again.</summary>
internal static class ReplayedRecords
{
    private const int PageSize = 100;
    private const int MostCharacters = 1024 * 1024;

    /// <summary>Returns the pages, followed by the end of the reading.</summary>
    /// <param name="records">The records, a JSON object each.</param>
    /// <param name="order">Numbers them.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async IAsyncEnumerable<Reading> ReadAsync(
        IAsyncEnumerable<string> records, ReadingOrder order, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reading = new WindowReading(new Window(WindowKind.Chosen, null, null), 1);
        var (pages, rows) = (0, 0L);
        await foreach (var page in PagesAsync(records, cancellationToken))
        {
            pages++;
            rows += page.Count;
            yield return new PageRead(reading, page, order.Take(page.Count));
        }

        yield return new ReadingEnded(reading, pages, new ReadingResult(Outcome.Verified, rows, rows, rows, null));
    }

    private static async IAsyncEnumerable<RawPage> PagesAsync(IAsyncEnumerable<string> records, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var page = new List<string>();
        var length = 0;
        await foreach (var record in records.WithCancellation(cancellationToken))
        {
            page.Add(record);
            length += record.Length;
            if (page.Count < PageSize && length < MostCharacters)
                continue;

            yield return Page(page);
            page.Clear();
            length = 0;
        }

        if (page.Count > 0)
            yield return Page(page);
    }

    // Puts records that were kept into the form of a search result.
    private static RawPage Page(IEnumerable<string> records)
    {
        var text = $$$"""{"response":{"results":[{{{string.Join(',', records)}}}],"remaining":0}}""";
        var body = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        return RawPage.Parse(body, Encoding.UTF8.GetBytes(text, body), null);
    }
}
