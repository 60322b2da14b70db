using System.Runtime.CompilerServices;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;

namespace BubbleSync.Etl.Extract;

/// <summary>
/// Reads what was modified in a range: mostly it is little, and one window takes it without a count. Where that says at its first page that it holds more than
/// <c>WindowSize</c> records, the range is cut, and read from its beginning to its end: what is modified meanwhile moves towards the end and is met there.
/// </summary>
internal sealed class ChangeReader(EntitySource source, BubbleSettings settings, ReadingOrder order, TimeProvider clock)
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);

    private readonly WindowReader _reader = new(source, settings, order);

    /// <summary>Gives the pages of each reading, each followed by its end.</summary>
    /// <param name="range">A window of Modified Date.</param>
    /// <param name="drain">Ends the reading in good order: the window under way is read to its end, no other is begun.</param>
    /// <param name="cancellationToken">Stops at once.</param>
    public async IAsyncEnumerable<Reading> ReadAsync(Window range, CancellationToken drain, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isTooMuch = false;
        await foreach (var reading in _reader.ReadAsync(range, settings.WindowSize, cancellationToken))
        {
            isTooMuch = reading is ReadingEnded { Verdict.Outcome: Outcome.Discarded };
            yield return reading;
        }

        if (!isTooMuch)
            yield break;

        await foreach (var window in CutAsync(range, cancellationToken).TakeWhile(_ => !drain.IsCancellationRequested).WithCancellation(cancellationToken))
        {
            await foreach (var reading in _reader.ReadAsync(window, cancellationToken))
                yield return reading;
        }
    }

    // Searches are sorted by Created Date, so that no row tells where to cut: a span of time is tried and halved until it holds few enough; the next try
    // begins with twice as much.
    private async IAsyncEnumerable<Window> CutAsync(Window range, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var rest = range;
        var span = clock.GetUtcNow() - range.From!.Value;
        while (await CountAsync(rest, cancellationToken) is var left && left > settings.WindowSize)
        {
            var (window, count) = await NextAsync(rest, span, cancellationToken);
            if (window == rest)
                break;

            yield return window;
            span = (window.To!.Value - window.From!.Value) * 2;
            rest = rest with { From = window.To };
            // What a millisecond holds must be missing from the rest. Where it is not, the constraint is not applied, and every millisecond would look the same.
            if (count > settings.WindowSize && await CountAsync(rest, cancellationToken) >= left)
                throw source.Unconstrained(BubbleField.Modified);
        }

        yield return rest;
    }

    private async Task<(Window Window, long Count)> NextAsync(Window rest, TimeSpan span, CancellationToken cancellationToken)
    {
        for (; ; span /= 2)
        {
            var isLeast = span <= Least;
            var window = rest with { To = End(rest, isLeast ? Least : span) };
            var count = await CountAsync(window, cancellationToken);
            if (count <= settings.WindowSize || isLeast)
                return (window, count);
        }
    }

    private static DateTimeOffset? End(Window rest, TimeSpan span) =>
        span < (rest.To ?? DateTimeOffset.MaxValue) - rest.From!.Value ? rest.From.Value + span : rest.To;

    private async Task<long> CountAsync(Window window, CancellationToken cancellationToken) => (await source.ProbeAsync(window, 0, cancellationToken)).Total ?? 0;
}
