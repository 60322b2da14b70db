namespace BubbleSync.Etl.Messages;

/// <summary>A page's records in PostgreSQL's binary COPY format, and those that could not be mapped. Staging disposes of it.</summary>
/// <param name="Rows">The rows, rejected ones included as a key and a mark.</param>
/// <param name="RowCount">How many rows there are.</param>
/// <param name="Checksum">The sum of the rows' <see cref="RowChecksum"/>.</param>
/// <param name="Rejects">One entry for each field that did not convert.</param>
internal sealed record RowBatch(CopyBuffer Rows, int RowCount, ulong Checksum, IReadOnlyList<Reject> Rejects) : IDisposable
{
    /// <summary>How many records there are, those without a usable id, which have no row, included.</summary>
    public int Records => RowCount + Rejects.Count(r => r.BubbleId is null);

    /// <summary>The records as they came, in COPY format, each with its number; null where they are not kept.</summary>
    public CopyBuffer? Raw { get; init; }

    /// <summary>What the batch disposes of with itself: the reservation of its page's bytes; may be null.</summary>
    public IDisposable? Memory { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Rows.Dispose();
        Raw?.Dispose();
        Memory?.Dispose();
    }
}

/// <summary>A field that did not convert, because of which its whole record is rejected.</summary>
/// <param name="BubbleId">The record's id, or null where it has none that is usable.</param>
/// <param name="Order">The record's number in the order of reading, as in <see cref="PageRead"/>.</param>
/// <param name="Field">The Bubble field.</param>
/// <param name="Reason">Why, without the value.</param>
/// <param name="Raw">The record as it came.</param>
internal sealed record Reject(string? BubbleId, long Order, string Field, string Reason, string Raw);
