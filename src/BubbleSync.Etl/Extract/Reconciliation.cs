using System.Runtime.CompilerServices;
using BubbleSync.Etl.Model;

namespace BubbleSync.Etl.Extract;

/// <summary>Compares the count of the whole type with the sum of the windows, and gives the windows that are still to be read.</summary>
internal sealed class Reconciliation(EntitySource source, ExtractionLedger ledger, DateTimeOffset end)
{
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

        var missing = whole - read - undated - since;
        if (missing <= 0)
            yield break;

        foreach (var (window, verdict) in ledger.Accepted.Where(a => a.Window.Kind == WindowKind.Created))
        {
            var counted = (await source.ProbeAsync(window, 0, cancellationToken)).Total ?? 0;
            if (counted <= verdict.RowsRead)
                continue;

            missing -= counted - verdict.RowsRead;
            yield return window;
        }

        if (missing > 0)
            ledger.Doubt($"Bubble counts {whole} records, {missing} more than its windows hold");
    }

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
