using System.Runtime.CompilerServices;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Extract;

/// <summary>
/// Cuts an entity's history into half-open windows of Created Date with at most <c>WindowSize</c> records each. One count probe a window:
/// the row at rank <c>WindowSize</c> of what is left begins the next one, so that every window but the last is nearly full.
/// </summary>
internal sealed class WindowPlanner(EntitySource source, BubbleSettings settings)
{
    /// <summary>Returns the windows that are still to be read, oldest first, each as soon as it is known.</summary>
    /// <param name="whole">The probe of the whole type.</param>
    /// <param name="end">The upper bound, fixed for the run.</param>
    /// <param name="done">Windows that an earlier attempt at the same run has verified: they are left out.</param>
    /// <param name="cancellationToken">Stops planning.</param>
    public async IAsyncEnumerable<Window> PlanAsync(
        Probe whole, DateTimeOffset end, IEnumerable<Window> done, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await StartAsync(whole, end, cancellationToken) is not { } from)
            yield break;

        var count = whole.Total;
        foreach (var window in done.Where(w => w is { Kind: WindowKind.Created, To: not null }).OrderBy(w => w.From))
        {
            if (window.From > from)
            {
                await foreach (var gap in SplitAsync(from, window.From.Value, null, cancellationToken))
                    yield return gap;
            }

            from = window.To > from ? window.To.Value : from;
            count = null;
        }

        if (from < end)
        {
            await foreach (var gap in SplitAsync(from, end, count, cancellationToken))
                yield return gap;
        }
    }

    private async IAsyncEnumerable<Window> SplitAsync(
        DateTimeOffset from, DateTimeOffset end, long? count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var size = settings.WindowSize;
        var left = long.MaxValue;
        var (isAskedAgain, wasCapped) = (false, false);
        while (Math.Min(left, count ?? left) > size)
        {
            var probe = await source.ProbeAsync(new Window(WindowKind.Created, from, end), size, cancellationToken);
            var isCapped = !probe.HasRow && probe.Remaining > 0;
            // One answer alone does not overrule earlier counts or the request, nor show a ceiling.
            if ((isCapped && !wasCapped) || (!isAskedAgain && Contradicts(probe, from, end, (left < long.MaxValue ? left - size : count) > size)))
            {
                (isAskedAgain, wasCapped) = (true, isCapped);
                continue;
            }

            if (isCapped)
            {
                size = Smaller(size);
                continue;
            }

            if (!probe.HasRow)
                break;

            var next = Next(probe, from, end);
            left = probe.Total ?? left;
            yield return new Window(WindowKind.Created, from, next);
            (from, isAskedAgain, wasCapped) = (next, false, false);
        }

        if (from < end)
            yield return new Window(WindowKind.Created, from, end);
    }

    private async Task<DateTimeOffset?> StartAsync(Probe whole, DateTimeOffset end, CancellationToken cancellationToken)
    {
        if (!whole.HasRow)
            return null;

        // Records without Created Date may sort first; then the oldest dated one must be requested.
        var oldest = whole.Created
            ?? (await source.ProbeAsync(new Window(WindowKind.Created, DateTimeOffset.MinValue.AddYears(1), end), 0, cancellationToken)).Created;
        return oldest < end ? oldest : null;
    }

    private static bool Contradicts(Probe probe, DateTimeOffset from, DateTimeOffset end, bool isPromised) =>
        probe.HasRow ? !IsInside(probe, from, end) : isPromised || probe.Remaining > 0;

    private static bool IsInside(Probe probe, DateTimeOffset from, DateTimeOffset end) => probe.Created >= from && probe.Created < end;

    private DateTimeOffset Next(Probe probe, DateTimeOffset from, DateTimeOffset end)
    {
        if (probe.Created is not { } next || !IsInside(probe, from, end))
            throw source.Unconstrained(BubbleField.Created);

        // More records on this millisecond than a window should hold: it becomes a window of its own.
        return next == from ? from.AddMilliseconds(1) : next;
    }

    private int Smaller(int size) => size / 2 >= settings.PageSize
        ? size / 2
        : throw source.Failure(ErrorCode.OffsetCeiling, Invariant($"Bubble shows no row at offset {size}, though it counts more: ")
            + "its offset ceiling is below a page. Lower Bubble:WindowSize and Bubble:PageSize");
}
