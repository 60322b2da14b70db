using System.Runtime.CompilerServices;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Extract;

/// <summary>Reads the pages of a window, several at a time; reads the window again if it was not complete.</summary>
internal sealed class WindowReader(EntitySource source, BubbleSettings settings, ReadingOrder order)
{
    private const int Readings = 4;
    private const int MostPagesAhead = 8;

    /// <summary>Returns the pages of each reading, followed by its end; the last reading counts.</summary>
    public async IAsyncEnumerable<Reading> ReadAsync(Window window, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (IReadOnlySet<ulong> Repeats, int Length)? last = null;
        var limit = settings.PageSize;
        for (var attempt = 1; ; attempt++)
        {
            if (await TryFirstAsync(window, limit, cancellationToken) is not { } first)
            {
                foreach (var half in Halves(window))
                {
                    await foreach (var part in ReadAsync(half, cancellationToken))
                        yield return part;
                }

                yield break;
            }

            var reading = new WindowReading(window, attempt);
            using var proof = new WindowVerifier(window);
            var pages = 0;
            var longest = 0;
            await foreach (var page in PagesAsync(window, proof, first, limit, cancellationToken))
            {
                pages++;
                longest = Math.Max(longest, page.Count);
                yield return new PageRead(reading, page, order.Take(page.Count));
            }

            var result = proof.Judge(attempt < Readings, last is var (before, length) && length != longest && proof.RepeatsAs(before));
            yield return new ReadingEnded(reading, pages, result);
            if (result.Outcome != Outcome.Discarded)
                yield break;

            // With another page length, pages end elsewhere: ids repeated by overlapping pages change, true duplicates stay the same.
            last = (proof.Repeats, longest);
            limit = !proof.HasRepeats ? settings.PageSize : longest > 1 ? longest - 1 : Math.Min(2, settings.PageSize);
        }
    }

    // A server on the way may take fewer ids at once.
    private async Task<RawPage?> TryFirstAsync(Window window, int limit, CancellationToken cancellationToken)
    {
        try
        {
            return await source.PageAsync(window, 0, limit, cancellationToken);
        }
        catch (SyncException tooLong) when (window.Choice?.Ids.Count > 1 && tooLong.Errors[0].Code == ErrorCode.AddressTooLong)
        {
            return null;
        }
    }

    private static IEnumerable<Window> Halves(Window window) =>
        window.Choice!.Ids.Chunk((window.Choice.Ids.Count + 1) / 2).Select(ids => Window.Of(window.Choice with { Ids = ids }));

    // The first page says how many rows to expect and how many Bubble gives at once; the last is asked for only when
    // all others are there, so that its count is a count after reading.
    private async IAsyncEnumerable<RawPage> PagesAsync(
        Window window, WindowVerifier proof, RawPage first, int limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (start, remaining) = (first.Count, first.Remaining);
        // If Bubble sends fewer rows than requested, it will do so again. A page that was shortened because of its size says nothing about the next one.
        var stride = start < first.Limit ? start : limit;
        Add(first, 0, proof);
        yield return first;

        // Bubble returns no records beyond the ceiling.
        var total = start + (remaining ?? 0);
        if (total > settings.OffsetCeiling && proof.Outside == 0)
        {
            var isModified = window.Kind == WindowKind.Modified;
            throw source.Failure(
                ErrorCode.WindowTooDense,
                Invariant($"{window} holds {total} records, more than Bubble shows of one search ({settings.OffsetCeiling}, Bubble:OffsetCeiling), ")
                + $"and cannot be split further by date{(isModified ? ". Resync the entity, which reads by Created Date" : "")}",
                isModified ? new NextAction(NextActionKind.ResyncEntities) { Entities = [source.Entity] } : null);
        }

        if (remaining == 0 || start == 0 || proof.Outside > 0)
            yield break;

        // Without a count nothing can be verified, but records can still be read: up to the first empty page, or the ceiling.
        if (remaining is null)
        {
            await foreach (var page in RangeAsync(window, proof, start, settings.OffsetCeiling - start, cancellationToken))
                yield return page;
            yield break;
        }

        var last = start + ((total - start - 1) / stride * stride);
        await foreach (var page in MiddleAsync(window, proof, new Stretch(start, last - start), stride, cancellationToken))
            yield return page;
        await foreach (var page in RangeAsync(window, proof, last, total - last, cancellationToken))
            yield return page;
    }

    private async IAsyncEnumerable<RawPage> MiddleAsync(
        Window window, WindowVerifier proof, Stretch middle, long stride, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var end = middle.Cursor + middle.Count;
        var ahead = Math.Min(MostPagesAhead, settings.MaxConcurrency);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var rests = new Queue<Stretch>();
        var underWay = new List<Task<(Stretch Asked, RawPage Page)>>();
        try
        {
            for (var cursor = middle.Cursor; cursor < end || rests.Count > 0 || underWay.Count > 0;)
            {
                while ((cursor < end || rests.Count > 0) && underWay.Count < ahead)
                {
                    if (!rests.TryDequeue(out var next))
                        (next, cursor) = (new Stretch(cursor, stride), cursor + stride);
                    underWay.Add(AskAsync(window, next, stop.Token));
                }

                // In the order of arrival: a page that waited for an earlier one would hold the memory that the earlier one may need.
                var done = await Task.WhenAny(underWay);
                underWay.Remove(done);
                var (asked, page) = await done;
                Add(page, asked.Cursor, proof);
                var received = page.Count;
                yield return page;

                // Fewer rows than asked for: records are large, Bubble lowered its limit, or rows were deleted. The rest of the stretch is asked for again.
                if (received > 0 && received < asked.Count)
                    rests.Enqueue(new Stretch(asked.Cursor + received, asked.Count - received));
            }
        }
        finally
        {
            await stop.CancelAsync();
            await DiscardAsync(underWay);
        }
    }

    private async Task<(Stretch Asked, RawPage Page)> AskAsync(Window window, Stretch stretch, CancellationToken cancellationToken) =>
        (stretch, await source.PageAsync(window, stretch.Cursor, (int)stretch.Count, cancellationToken));

    private async IAsyncEnumerable<RawPage> RangeAsync(
        Window window, WindowVerifier proof, long cursor, long count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            var page = await source.PageAsync(window, cursor, (int)Math.Min(count, settings.PageSize), cancellationToken);
            Add(page, cursor, proof);
            var received = page.Count;
            yield return page;

            // An empty page although rows remain: the verification will find that rows are missing.
            if (received == 0)
                yield break;

            cursor += received;
            count -= received;
        }
    }

    // Pages that are no longer needed, because the run stops; its failure is reported elsewhere.
    private static async Task DiscardAsync(IEnumerable<Task<(Stretch Asked, RawPage Page)>> pages)
    {
        foreach (var page in pages)
        {
            await ((Task)page).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (page.IsCompletedSuccessfully)
                (await page).Page.Dispose();
        }
    }

    private static void Add(RawPage page, long cursor, WindowVerifier proof)
    {
        try
        {
            proof.Add(page, cursor);
        }
        catch
        {
            page.Dispose();
            throw;
        }
    }

    private readonly record struct Stretch(long Cursor, long Count);
}

/// <summary>Numbers records in the order they are read; starts at the current time, so that a resumed run's come after those of the run it continues.</summary>
internal sealed class ReadingOrder(TimeProvider clock)
{
    private long _next = clock.GetUtcNow().UtcTicks;

    /// <summary>The first of the next <paramref name="count"/> numbers.</summary>
    public long Take(int count) => Interlocked.Add(ref _next, count) - count;
}
