using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using static System.FormattableString;

namespace BubbleSync.Etl.Messages;

/// <summary>An answer of the search endpoint: the records as they were received, and Bubble's counts.</summary>
internal sealed class RawPage(JsonDocument document, byte[] rented, int length, IDisposable? memory) : IDisposable
{
    // More than any app holds.
    private const long MostRecords = 1_000_000_000_000;

    private byte[]? _rented = rented;
    private IDisposable? _memory = memory;

    /// <summary>The records, a JSON array.</summary>
    public JsonElement Records { get; private init; }

    /// <summary>How many there are.</summary>
    public int Count { get; private init; }

    /// <summary>The bytes of the body.</summary>
    public int Length => length;

    /// <summary>The most records that were asked for.</summary>
    public int Limit { get; private init; } = int.MaxValue;

    /// <summary>How many there are according to Bubble; null where it does not say.</summary>
    public long? StatedCount { get; private init; }

    /// <summary>The row that the page begins with according to Bubble; null where it does not say.</summary>
    public long? StatedCursor { get; private init; }

    /// <summary>How many Bubble says follow; null where it does not say.</summary>
    public long? Remaining { get; private init; }

    /// <summary>
    /// Whether there are no records although Bubble says that some follow: the usual answer beyond the offset ceiling, elsewhere a contradiction.
    /// </summary>
    public bool IsEmptyThoughRowsRemain => Count == 0 && Remaining > 0;

    /// <summary>The server's clock according to its Date header, to the second, or null.</summary>
    public DateTimeOffset? ServerTime { get; private init; }

    /// <summary>Parses a body.</summary>
    /// <param name="rented">A buffer from the shared pool; the page gives it back.</param>
    /// <param name="length">How much of it is body.</param>
    /// <param name="serverTime">The Date header.</param>
    /// <param name="memory">What the page disposes of with itself: the reservation of its bytes; may be null.</param>
    /// <param name="limit">The most records that were asked for.</param>
    /// <exception cref="JsonException">The body is no JSON, or not the envelope of a search.</exception>
    public static RawPage Parse(byte[] rented, int length, DateTimeOffset? serverTime, IDisposable? memory = null, int limit = int.MaxValue)
    {
        var document = JsonDocument.Parse(rented.AsMemory(0, length), new JsonDocumentOptions { MaxDepth = 512 });
        if (document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("response", out var response) && response.ValueKind == JsonValueKind.Object
            && response.TryGetProperty("results", out var records) && records.ValueKind == JsonValueKind.Array)
        {
            return new RawPage(document, rented, length, memory)
            {
                Limit = limit,
                Records = records,
                Count = records.GetArrayLength(),
                StatedCount = Number(response, "count"),
                StatedCursor = Number(response, "cursor"),
                Remaining = Number(response, "remaining"),
                ServerTime = serverTime,
            };
        }

        document.Dispose();
        throw new JsonException("there is no response.results list in it");
    }

    /// <summary>
    /// Returns a page of some of its records and disposes of this one; returns this one where all are kept. The new page does not say what remains.
    /// </summary>
    public RawPage Keep(IReadOnlyCollection<JsonElement> records)
    {
        if (records.Count == Count)
            return this;

        using (this)
        {
            var body = new ArrayBufferWriter<byte>(1024);
            body.Write("""{"response":{"results":["""u8);
            foreach (var (index, record) in records.Index())
            {
                body.Write(index == 0 ? ""u8 : ","u8);
                body.Write(JsonMarshal.GetRawUtf8Value(record));
            }

            body.Write("]}}"u8);
            var copy = ArrayPool<byte>.Shared.Rent(body.WrittenCount);
            body.WrittenSpan.CopyTo(copy);
            return Parse(copy, body.WrittenCount, ServerTime, TakeMemory(), Limit);
        }
    }

    /// <summary>Returns what in the page is contradictory under any offset ceiling, or null.</summary>
    /// <param name="cursor">The row it was asked to start at.</param>
    public string? Contradiction(long cursor)
    {
        if (StatedCount is { } stated && stated != Count)
            return Invariant($"it says count {stated} but sends {Results}");

        // Only a row other than the first is certainly a mistake: Bubble's answers beyond the offset ceiling are not known.
        if (StatedCursor is > 0 and var begin && begin != cursor)
            return Invariant($"it begins with row {begin}, though row {cursor} was asked for");

        if (Remaining is < 0 or > MostRecords)
            return Invariant($"it says that {Remaining} records remain");

        return cursor == 0 && IsEmptyThoughRowsRemain ? Invariant($"it sends no results though {Remaining} remain") : null;
    }

    /// <summary>Returns the reservation of the page's bytes, which from then on outlives the page; null where there is none.</summary>
    public IDisposable? TakeMemory() => Interlocked.Exchange(ref _memory, null);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, null) is not { } buffer)
            return;

        document.Dispose();
        ArrayPool<byte>.Shared.Return(buffer);
        TakeMemory()?.Dispose();
    }

    private string Results => Count == 1 ? "1 result" : $"{Count} results";

    private static long? Number(JsonElement response, string name) =>
        response.TryGetProperty(name, out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out var value) ? value : null;
}
