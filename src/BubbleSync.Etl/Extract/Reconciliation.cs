using System.Runtime.CompilerServices;
using BubbleSync.Etl.Model;

namespace BubbleSync.Etl.Extract;

/// <summary>Compares the count of the whole type with the sum of the windows, and gives the windows that are still to be read.</summary>
internal sealed class Reconciliation(EntitySource source, ExtractionLedger ledger, DateTimeOffset end)
{
    // Records that come and go while they are counted make counts disagree that are all true.
    private const int CountingRounds = 8;
    private const int MostMoved = 3;

    private readonly Dictionary<Window, long> _due = [];

    /// <summary>Once the windows that were given are read: doubts those of which far fewer records came than were counted, for a count that lies hides the same records twice.</summary>
    public void Settle()
    {
        foreach (var (window, verdict) in ledger.Accepted)
        {
            if (_due.TryGetValue(window, out var counted) && verdict.RowsRead < counted - Few(counted))
                ledger.Doubt($"{window}: {verdict.RowsRead} records came of {counted} that all counts agree on");
        }
    }

    /// <summary>Gives nothing where the counts agree, as they mostly do; else the records without Created Date and the windows that hold more than was read of them.</summary>
    public async IAsyncEnumerable<Window> MissedAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var read = ledger.Accepted.Sum(a => a.Verdict.RowsRead);
        ledger.CountedAfter = (await source.ProbeAsync(null, 0, cancellationToken)).Total;
        if (ledger.CountedAfter is not { } whole)
        {
            ledger.Doubt("Bubble's answers do not say how many records there are");
            yield break;
        }

        // Both counts must agree with what was read: a record missed and another deleted meanwhile would cancel out in one of them.
        if (whole == read && ledger.CountedBefore == read)
            yield break;

        var undated = await UndatedAsync(cancellationToken);
        if (undated > 0)
            yield return new Window(WindowKind.Undated, null, null);

        // Records dated after the upper bound: made since, which the catch-up pass reads as well, or dated ahead of their last change.
        var sinceWindow = new Window(WindowKind.Created, end, null);
        var since = (await source.ProbeAsync(sinceWindow, 0, cancellationToken)).Total ?? 0;
        if (since > 0)
            yield return sinceWindow;

        // Which count is wrong, the whole's or a window's, shows only when all are asked again and agree with each other.
        var windows = ledger.Accepted.Where(a => a.Window is { Kind: WindowKind.Created, To: not null }).ToList();
        if (await AgreeingCountsAsync(windows, cancellationToken) is not { } counts)
        {
            ledger.Doubt($"Bubble's counts contradict each other: {ledger.CountedBefore} records before and {whole} after, of which {read} were read; counted again, its windows do not add up to the whole either");
            yield break;
        }

        foreach (var (window, _) in windows.Where(w => counts[w.Window] > w.Verdict.RowsRead))
        {
            _due[window] = counts[window];
            yield return window;
        }
    }

    private async Task<Dictionary<Window, long>?> AgreeingCountsAsync(IReadOnlyList<(Window Window, Verdict Verdict)> windows, CancellationToken cancellationToken)
    {
        for (var round = 1; round <= CountingRounds; round++)
        {
            var before = await CountAsync(null, cancellationToken);
            var counts = new Dictionary<Window, long>();
            foreach (var (window, _) in windows)
                counts[window] = await CountAsync(window, cancellationToken);
            var sum = counts.Values.Sum() + await UndatedAsync(cancellationToken) + await CountAsync(new Window(WindowKind.Created, end, null), cancellationToken);
            // A window of which many rows are gone within moments is a count that lies, and may make up for another one.
            if (Agree(before, sum, await CountAsync(null, cancellationToken)) && windows.All(w => counts[w.Window] >= w.Verdict.RowsRead - Few(w.Verdict.RowsRead)))
                return counts;
        }

        return null;
    }

    // What came and went while it was counted shows in the difference of the two counts of the whole; more than a few is a lie.
    private static bool Agree(long before, long sum, long after)
    {
        var moved = Math.Abs(after - before);
        return moved <= Few(before) && sum >= Math.Min(before, after) - moved && sum <= Math.Max(before, after) + moved;
    }

    private static long Few(long rows) => Math.Max(MostMoved, rows / 100);

    private async Task<long> CountAsync(Window? window, CancellationToken cancellationToken) => (await source.ProbeAsync(window, 0, cancellationToken)).Total ?? 0;

    private async Task<long> UndatedAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await source.ProbeAsync(new Window(WindowKind.Undated, null, null), 0, cancellationToken)).Total ?? 0;
        }
        catch (SyncException refused) when (!refused.IsTransient)
        {
            ledger.Doubt($"records without Created Date cannot be asked for: {refused.Message}");
            return 0;
        }
    }
}
