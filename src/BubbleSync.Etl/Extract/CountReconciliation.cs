using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using static System.FormattableString;

namespace BubbleSync.Etl.Extract;

/// <summary>
/// Compares how many records Bubble has with how many are here, both by Created Date. Where the two differ, ranges are halved until each holds at most a page;
/// these are read, and records that only one side has are loaded or noted as deleted. Equal counts need one call, whatever the number of records.
/// </summary>
/// <param name="source">The entity in Bubble.</param>
/// <param name="here">The entity here.</param>
/// <param name="settings">The size of a page and of a window.</param>
/// <param name="bound">The last Created Date to compare.</param>
internal sealed class CountReconciliation(EntitySource source, CountedSide here, BubbleSettings settings, DateTimeOffset bound)
{
    // If records are deleted while ranges are counted, correct counts disagree.
    private const int MostRounds = 4;

    // Narrowing down costs less than a resync as long as it takes fewer calls than half of the pages. Small types may take this many.
    private const int CallsAlwaysAllowed = 200;

    private static readonly Window Undated = new(WindowKind.Undated, null, null);

    private readonly Window _all = new(WindowKind.Created, null, bound);
    private long _calls;
    private long _mostCalls = CallsAlwaysAllowed;

    /// <summary>Compares the counts and resolves differences.</summary>
    /// <param name="last">What the last sync noted.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<CountResult> RunAsync(NotedRows last, CancellationToken cancellationToken)
    {
        var count = await HereAsync(_all, cancellationToken);
        // A new record without Created Date is read as a change.
        var without = last.Undated == 0 && count.Undated == 0 ? 0 : await source.CountUndatedAsync(cancellationToken);
        var expected = count.All - (without ?? 0);
        var (there, isLater, newest) = await WholeAsync(last, expected, cancellationToken);
        if (there is null || without is null)
            return new CountResult(there, without, null, "Bubble's answers do not say how many records there are");
        List<Window> changed = [.. last.Changed, .. isLater ? [last.Unnoted!] : Array.Empty<Window>()];
        var hasOtherUndated = !last.AreChangesRead && last.Undated is not null && without != last.Undated;
        if (changed.Count == 0 && !hasOtherUndated && there + without == count.All)
            return new CountResult(there, without, count.All, null) { Ids = count.Ids, Newest = newest };

        _mostCalls = Math.Max(CallsAlwaysAllowed, there.Value / settings.PageSize / 2);
        if (changed.Count > _mostCalls)
            return new CountResult(there, without, count.All, "too many rows of the table came or went, other than by a sync");
        await here.ResolveAsync([.. changed, .. without > 0 ? [Undated] : Array.Empty<Window>()], cancellationToken);
        for (var round = 1; round <= MostRounds; round++)
        {
            there = await ThereAsync(_all, cancellationToken);
            without = await source.CountUndatedAsync(cancellationToken);
            count = await HereAsync(_all, cancellationToken);
            if (there + without == count.All)
                return new CountResult(there, without, count.All, null) { Ids = count.Ids };
            if (await NarrowAsync(there ?? 0, count, cancellationToken) is { } stopped)
                return new CountResult(there, without, count.All, stopped);
        }

        return new CountResult(
            there, without, count.All,
            Invariant($"Bubble counts {there + without} records, and {count.All} are here, after every difference that was found is resolved"));
    }

    // The last record shows whether any was created after those that are noted, and its place how many there are: one call for both.
    private async Task<(long? There, bool IsLater, DateTimeOffset? Newest)> WholeAsync(NotedRows last, long expected, CancellationToken cancellationToken)
    {
        if (last is not { Unnoted: { } unnoted, HasLaterRows: false })
        {
            var newest = await source.ProbeAsync(_all with { IsNewestFirst = true }, 0, cancellationToken);
            return (newest.Total, last.Unnoted is not null, newest.Modified);
        }

        if (expected > 0 && expected <= settings.OffsetCeiling
            && await source.ProbeAsync(_all, expected - 1, cancellationToken) is { HasRow: true, Total: { } total, Created: { } created } && total == expected)
            return (total, created >= unnoted.From, null);
        return (await ThereAsync(_all, cancellationToken), await ThereAsync(unnoted, cancellationToken) != 0, null);
    }

    // Returns why the search was given up, or null.
    private async Task<string?> NarrowAsync(long there, RangeCount count, CancellationToken cancellationToken)
    {
        var leaves = new List<Window>();
        List<(Window Range, long There, RangeCount Here)> open = [(_all, there, count)];
        while (open.Count > 0)
        {
            var halves = new List<(Window Range, long There)>();
            foreach (var (range, over, side) in open.Where(o => o.There != o.Here.Dated))
            {
                if (Math.Max(over, side.Dated) <= settings.PageSize || await MiddleAsync(range, side, cancellationToken) is not { } middle)
                {
                    leaves.Add(range);
                    continue;
                }

                if (++_calls > _mostCalls)
                    return Invariant($"the differences between Bubble ({there} records) and the table ({count.Dated}) are too many to be found one by one");
                var (left, right) = (range with { To = middle }, range with { From = middle });
                var first = await ThereAsync(left, cancellationToken) ?? 0;
                // If a record was deleted meanwhile, the rest is too large; the next round finds that.
                halves.AddRange([(left, first), (right, Math.Max(0, over - first))]);
            }

            var counts = await here.CountAsync([.. halves.Select(h => h.Range)], cancellationToken);
            open = [.. halves.Zip(counts, (h, c) => (h.Range, h.There, c))];
        }

        if (leaves.Count > _mostCalls)
            return Invariant($"the differences between Bubble ({there} records) and the table ({count.Dated}) are too many to be read one by one");
        await here.ResolveAsync(leaves, cancellationToken);
        return null;
    }

    // The middle of the rows here, so that a range of n rows takes log n halvings; the middle of the time if there are no rows.
    private async Task<DateTimeOffset?> MiddleAsync(Window range, RangeCount side, CancellationToken cancellationToken)
    {
        if (side.Middle is { } found && Millisecond.Floor(found) is var middle && (range.From is null || middle > range.From) && middle < range.To)
            return middle;

        var from = range.From ?? (await source.ProbeAsync(range, 0, cancellationToken)).Created;
        var half = from is { } start ? Millisecond.Floor(start + ((range.To!.Value - start) / 2)) : (DateTimeOffset?)null;
        return half > from && half < range.To ? half : null;
    }

    private async Task<long?> ThereAsync(Window range, CancellationToken cancellationToken) => (await source.ProbeAsync(range, 0, cancellationToken)).Total;

    private async Task<RangeCount> HereAsync(Window range, CancellationToken cancellationToken) => (await here.CountAsync([range], cancellationToken))[0];
}

/// <summary>The records of an entity that are here: rows, what is staged, and rejected records that are kept.</summary>
/// <param name="CountAsync">Counts them in ranges of Created Date, in the order of the ranges.</param>
/// <param name="ResolveAsync">
/// Reads and stages ranges from Bubble; requests records by id that are here but did not come, and from then on does not count those that Bubble does not
/// have.
/// </param>
internal sealed record CountedSide(
    Func<IReadOnlyList<Window>, CancellationToken, Task<IReadOnlyList<RangeCount>>> CountAsync,
    Func<IReadOnlyList<Window>, CancellationToken, Task> ResolveAsync);

/// <summary>The result of comparing counts.</summary>
/// <param name="Dated">Records up to the bound that Bubble counts; null where it did not say.</param>
/// <param name="Undated">Records without Created Date that Bubble counts; null where it did not say.</param>
/// <param name="Here">Records that are here; null if they were not counted.</param>
/// <param name="Issue">Why the two do not agree; null if they do.</param>
internal sealed record CountResult(long? Dated, long? Undated, long? Here, string? Issue)
{
    /// <summary>A checksum of the ids that were counted here up to the bound; null where the counts do not agree.</summary>
    public long? Ids { get; init; }

    /// <summary>The latest Modified Date in Bubble; null where no answer showed it.</summary>
    public DateTimeOffset? Newest { get; init; }
}
