using BubbleSync.Etl.Messages;
using static System.FormattableString;

namespace BubbleSync.Etl.Extract;

/// <summary>
/// Compares the count of the whole type with what was read, and returns the windows that are still to be read, in rounds:
/// those that no window covered, and those of which Bubble counts more than came. A difference is accepted only where the counts were seen to change.
/// </summary>
internal sealed class Reconciliation(EntitySource source, WindowPlanner planner, ExtractLog extractLog, DateTimeOffset end)
{
    // If records are created or deleted while they are counted, correct counts disagree.
    private const int CountingRounds = 8;
    private const int WholeCounts = 4;

    private static readonly Window Undated = new(WindowKind.Undated, null, null);

    private readonly Window _since = new(WindowKind.Created, end, null);
    private readonly HashSet<Window> _given = [];
    private int _rounds;
    private bool _hasShownMovement;
    private bool _isUndatedRefused;

    /// <summary>Returns the windows to read next; none where the counts agree with what was read, or where no further reading can show that they do.</summary>
    public async Task<IReadOnlyList<Window>> NextAsync(CancellationToken cancellationToken)
    {
        if (_rounds == 0 && await AgreesAtOnceAsync(cancellationToken))
            return [];

        var last = default((long, long, long));
        while (_rounds++ < CountingRounds)
        {
            var counts = await CountAsync(cancellationToken);
            var due = await DueAsync(counts, cancellationToken);
            if (due.Where(_given.Add).ToList() is { Count: > 0 } fresh)
                return fresh;
            // A contradiction that repeats exactly will not go away.
            if (!counts.Agree && counts.Totals == last)
                break;

            last = counts.Totals;
            if (!counts.Agree || MustShowAgain(counts))
                continue;

            foreach (var window in due)
                extractLog.AddIssue(Invariant($"{window}: {Read(window)} records came of {counts.Windows[window]} that Bubble counts"));
            return [];
        }

        extractLog.AddIssue(
            Invariant($"Bubble's counts contradict each other: {extractLog.CountedBefore} records before and {extractLog.CountedAfter} after, ")
                + Invariant($"of which {ReadInAll} were read; ")
            + "counted again, its windows do not add up to the whole either");
        return [];
    }

    // A wrong number looks like records that were created or deleted, and would excuse a window that lacks records: so a change of counts must be seen twice.
    private bool MustShowAgain(WindowCounts counts)
    {
        var mustShow = counts.Moved && !_hasShownMovement && _rounds < CountingRounds;
        _hasShownMovement |= counts.Moved;
        return mustShow;
    }

    private long ReadInAll => extractLog.Accepted.Sum(a => a.ReadingResult.RowsRead);

    // Both counts must agree with what was read: a record missed and another deleted meanwhile would cancel out in one of them.
    private async Task<bool> AgreesAtOnceAsync(CancellationToken cancellationToken)
    {
        extractLog.CountedAfter = (await source.ProbeAsync(null, 0, cancellationToken)).Total;
        if (extractLog.CountedAfter is null)
            extractLog.AddIssue("Bubble's answers do not say how many records there are");
        return extractLog.CountedAfter is not { } whole || (whole == ReadInAll && extractLog.CountedBefore == whole);
    }

    private async Task<WindowCounts> CountAsync(CancellationToken cancellationToken)
    {
        var before = await WholeAsync(cancellationToken);
        var windows = new Dictionary<Window, long>();
        foreach (var (window, _) in extractLog.Accepted.Where(a => a.Window.Kind == WindowKind.Created && a.Window.To <= end))
            windows[window] = await CountAsync(window, cancellationToken);
        windows[Undated] = await UndatedAsync(cancellationToken);
        windows[_since] = await CountAsync(_since, cancellationToken);
        return new WindowCounts(before, windows, await WholeAsync(cancellationToken));
    }

    // The count of a window that was read decides only if the counts agree with each other.
    private async Task<List<Window>> DueAsync(WindowCounts counts, CancellationToken cancellationToken)
    {
        var due = counts.Windows.Where(w => w.Value > Read(w.Key)).Select(w => w.Key).ToList();
        if (!counts.Agree)
            due.RemoveAll(IsRead);
        // Records created after the upper bound are left to the next run.
        if (_given.Contains(_since))
            due.Remove(_since);
        if (counts.IsSumTooSmall)
            due.AddRange(await UncoveredAsync(cancellationToken));
        return due;
    }

    private async Task<List<Window>> UncoveredAsync(CancellationToken cancellationToken)
    {
        var whole = await source.ProbeAsync(null, 0, cancellationToken);
        return await planner.PlanAsync(whole, end, extractLog.Accepted.Select(a => a.Window), cancellationToken).ToListAsync(cancellationToken);
    }

    private bool IsRead(Window window) => extractLog.Accepted.Any(a => a.Window == window);

    private long Read(Window window) => extractLog.Accepted.FirstOrDefault(a => a.Window == window).ReadingResult?.RowsRead ?? 0;

    // One wrong number must not count as records that were added or deleted: the same number must appear twice in a row.
    private async Task<long> WholeAsync(CancellationToken cancellationToken)
    {
        var last = await CountAsync(null, cancellationToken);
        for (var count = 1; count < WholeCounts; count++)
        {
            var next = await CountAsync(null, cancellationToken);
            if (next == last)
                break;

            last = next;
        }

        return last;
    }

    private async Task<long> CountAsync(Window? window, CancellationToken cancellationToken) =>
        (await source.ProbeAsync(window, 0, cancellationToken)).Total ?? 0;

    private async Task<long> UndatedAsync(CancellationToken cancellationToken)
    {
        if (_isUndatedRefused)
            return 0;

        try
        {
            return await CountAsync(Undated, cancellationToken);
        }
        catch (SyncException refused) when (!refused.IsTransient)
        {
            _isUndatedRefused = true;
            extractLog.AddIssue($"records without Created Date cannot be asked for: {refused.Message}");
            return 0;
        }
    }
}

/// <summary>Counts of the whole type, and between them those of its windows.</summary>
internal sealed record WindowCounts(long Before, IReadOnlyDictionary<Window, long> Windows, long After)
{
    /// <summary>The counts of the whole, and the sum of the windows between them.</summary>
    public (long Before, long Sum, long After) Totals => (Before, Sum, After);

    /// <summary>Whether the windows add up to the whole count, or to a number between two counts of the whole.</summary>
    public bool Agree => Sum >= Math.Min(Before, After) && Sum <= Math.Max(Before, After);

    /// <summary>Whether the count of the whole changed in between.</summary>
    public bool Moved => Before != After;

    /// <summary>Whether there are records that lie in no window.</summary>
    public bool IsSumTooSmall => Sum < Math.Min(Before, After);

    private long Sum => Windows.Values.Sum();
}
