using System.Runtime.CompilerServices;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Extract.Changes;

/// <summary>
/// Reads a range of dates by key: sorted by the date, then by <c>_id</c>, each page from the last date received on, never by offset.
/// No record is skipped, even if records enter, leave or move within the range between two pages.
/// </summary>
/// <param name="source">Where the pages come from.</param>
/// <param name="settings">How large pages and windows are.</param>
/// <param name="order">Numbers the records.</param>
internal sealed class KeysetReader(EntitySource source, BubbleSettings settings, ReadingOrder order)
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);

    private readonly WindowReader _windows = new(source, settings, order);

    /// <summary>
    /// Returns the pages, and after them the end of their reading: one reading for every <c>WindowSize</c> records,
    /// and one for each millisecond that fills a page.
    /// </summary>
    /// <param name="range">A window of a date with a lower end; the upper end may be missing.</param>
    /// <param name="bound">
    /// Records with a later date may be left to the next run, so that the run ends even if the source changes faster than it is read.
    /// </param>
    /// <param name="drain">Ends the reading in good order after the page under way.</param>
    /// <param name="cancellationToken">Stops at once.</param>
    public async IAsyncEnumerable<Reading> ReadAsync(
        Window range, DateTimeOffset bound, CancellationToken drain, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var position = new KeysetPosition(range, bound, settings);
        var step = KeysetStep.Next;
        while (step != KeysetStep.End && !drain.IsCancellationRequested)
        {
            var reading = new WindowReading(position.Rest, 1);
            var pages = 0;
            position.Begin();
            do
            {
#pragma warning disable CA2000 // The message takes it over.
                step = position.Take(await source.PageAsync(position.Rest, 0, settings.PageSize, cancellationToken), out var page);
#pragma warning restore CA2000
                if (page is not null)
                {
                    pages++;
                    yield return new PageRead(reading, page, order.Take(page.Count));
                }

                if (step == KeysetStep.End)
                    step = await ConfirmAsync(position, cancellationToken);
            }
            while (step == KeysetStep.Next && !position.IsWindowFull && !drain.IsCancellationRequested);

            // The stretch before a millisecond may have no records, or may not exist.
            var isEmpty = pages == 0 && position.Key == reading.Window.From;
            if (step != KeysetStep.End)
                reading.EndAt(position.Key);
            if (step == KeysetStep.End || !isEmpty)
                yield return new ReadingEnded(reading, pages, position.Judge(step));

            if (step == KeysetStep.Millisecond && !drain.IsCancellationRequested)
            {
                await foreach (var part in _windows.ReadAsync(range with { From = position.Key, To = position.Key + Least }, cancellationToken))
                    yield return position.Pass(part);
                step = position.IsPastRange ? KeysetStep.End : KeysetStep.Next;
            }
        }
    }

    // Fewer records came than an earlier answer counted. A count that agrees with what came shows that records were deleted meanwhile.
    private async Task<KeysetStep> ConfirmAsync(KeysetPosition position, CancellationToken cancellationToken)
    {
        if (position.Unconfirmed is not { } window)
            return KeysetStep.End;

        var probe = await source.ProbeAsync(window, 0, cancellationToken);
        return position.Confirm(probe.Total) ? KeysetStep.End : KeysetStep.Next;
    }
}

/// <summary>What is read after a page that was read by key.</summary>
internal enum KeysetStep
{
    /// <summary>Another page, from the key on.</summary>
    Next,

    /// <summary>The millisecond of the key, which fills a page, is read by itself.</summary>
    Millisecond,

    /// <summary>Nothing: the range was read.</summary>
    End,
}
