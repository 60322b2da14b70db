using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Runs;

namespace BubbleSync.Etl.Graph;

/// <summary>Reads once more what an earlier run rejected, as it was kept then: without Bubble, after a map or a table was mended.</summary>
internal sealed class ReprocessSource(RejectedRecords rejected, ReadingOrder order)
{
    private const int PageSize = 100;

    /// <summary>Passes an entity's rejects through its line of stages.</summary>
    public Task ReadAsync(EntityRun entity, CancellationToken cancellationToken) =>
        entity.Flow.PassAsync(token => PagesAsync(entity.Plan.Name, token), cancellationToken);

    private async IAsyncEnumerable<Reading> PagesAsync(string entity, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reading = new WindowReading(new Window(WindowKind.Chosen, null, null), 1);
        var (pages, rows) = (0, 0L);
        await foreach (var page in rejected.RawAsync(entity, cancellationToken).Chunk(PageSize).Select(Page).WithCancellation(cancellationToken))
        {
            pages++;
            rows += page.Count;
            yield return new PageRead(reading, page, order.Take(page.Count));
        }

        yield return new ReadingEnded(reading, pages, new Verdict(Outcome.Proved, rows, rows, rows, null));
    }

    // The envelope of a search around records that came in one before.
    private static RawPage Page(IEnumerable<string> records)
    {
        var text = $$$"""{"response":{"results":[{{{string.Join(',', records)}}}],"remaining":0}}""";
        var body = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        return RawPage.Parse(body, Encoding.UTF8.GetBytes(text, body), null);
    }
}
