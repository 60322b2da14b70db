using System.Runtime.InteropServices;
using System.Text.Json;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using static System.FormattableString;

namespace BubbleSync.Etl.Extract.Changes;

/// <summary>How far a range of dates has been read by key, how many records Bubble counts in the rest, and what is read next.</summary>
internal sealed class KeysetPosition(Window range, DateTimeOffset bound, BubbleSettings settings) : IDisposable
{
    // The number of answers in a row that may contradict the request or the answers before.
    private const int MostContradictions = 3;
    private const int PagesBeyondBound = 3;

    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);

    private readonly string _field = EntitySource.DateOf(range);
    private readonly SeenIds _ids = new();

    // The records of the key's millisecond that were handed on, by hash: they come again with the next page.
    private Dictionary<ulong, int> _handedOn = [];
    private long _nameless;
    private long _namelessOfMillisecond;
    private long _repeatedOfMillisecond;

    // Records that the last answer counts from the key on, and how many may still be read beyond the bound.
    private long? _promised;
    private long? _allowed;
    private bool _fellShort;
    private bool _isUnconstrained;
    private int _contradictions;
    private int _recounts;
    private string? _issue;

    // The window under way.
    private bool _isFirst;
    private long? _before;
    private long? _after;
    private long _rows;

    /// <summary>The date up to which all records came, except perhaps some of this millisecond itself.</summary>
    public DateTimeOffset Key { get; private set; } = range.From!.Value;

    /// <summary>What is still to be read.</summary>
    public Window Rest => range with { From = Key };

    /// <summary>Whether all of the range was read.</summary>
    public bool IsPastRange => Key >= range.To;

    /// <summary>Whether the window under way holds as many records as a window should.</summary>
    public bool IsWindowFull => _rows >= settings.WindowSize;

    /// <summary>
    /// The window whose count must agree with the records received, or null where every answer matched the count of the one before. It ends at the bound,
    /// because records beyond it keep changing.
    /// </summary>
    public Window? Unconfirmed => _fellShort && _issue is null && bound > range.From ? range with { To = range.To < bound ? range.To : bound } : null;

    private long Different => _ids.Count + _nameless;

    /// <summary>Begins a window.</summary>
    public void Begin() => (_isFirst, _before, _after, _rows) = (true, null, null, 0);

    /// <summary>Takes a page into account.</summary>
    /// <param name="page">The page as it came; disposed of, or part of what is handed on.</param>
    /// <param name="handedOn">Its records without those that came before, or null where there are none.</param>
    public KeysetStep Take(RawPage page, out RawPage? handedOn)
    {
        handedOn = null;
        try
        {
            var scan = new KeysetPage(page, _field, Key, range.To, _handedOn);
            var step = Contradiction(page, scan) ?? Step(page, scan);
            handedOn = step.IsHandedOn && scan.New.Count > 0 ? page.Keep(scan.New) : null;
            return step.Next;
        }
        finally
        {
            if (handedOn is null)
                page.Dispose();
        }
    }

    /// <summary>Adds a part of a millisecond's own reading and returns it; the reading's end moves the key past it.</summary>
    public Reading Pass(Reading part)
    {
        if (part is PageRead { Page: var page })
            _namelessOfMillisecond += Add(page.Records.EnumerateArray());
        if (part is not ReadingEnded { ReadingResult: var result })
            return part;

        if (result.Outcome != Outcome.Discarded)
        {
            _nameless += _namelessOfMillisecond;
            _promised -= result.CountAfter ?? result.RowsRead;
            _allowed -= result.RowsRead - _repeatedOfMillisecond;
            Key += Least;
        }

        _namelessOfMillisecond = 0;
        return part;
    }

    /// <summary>Compares a count with the rows received; false if the rest must be requested again.</summary>
    public bool Confirm(long? counted)
    {
        if (counted is null || Different >= counted)
        {
            _fellShort = false;
            return true;
        }

        if (++_recounts < MostContradictions)
            return false;

        _issue = Invariant($"{Different} different records came of {counted} that Bubble counts");
        return true;
    }

    /// <summary>Returns the result of the current window.</summary>
    public ReadingResult Judge(KeysetStep step)
    {
        // If the next window begins at the last date that came, no answer has counted this one.
        var (before, after) = step == KeysetStep.End ? (_before, _after) : (null, null);
        var outcome = _issue is null ? Outcome.Verified : Outcome.Unverified;
        var result = new ReadingResult(outcome, before, _rows, after, _issue) { IsUnconstrained = _isUnconstrained };
        _issue = null;
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => _ids.Dispose();

    private (KeysetStep Next, bool IsHandedOn)? Contradiction(RawPage page, KeysetPage scan)
    {
        var what = scan.Outside > 0
            ? Invariant($"{scan.Outside} of {page.Count} rows lie outside: the constraint was not applied, as happens with a token that is no admin token")
            : page is { Count: 0, Remaining: > 0 } ? Invariant($"Bubble sends none of {page.Remaining} records that it counts in {Rest}")
            : null;
        if (what is null)
        {
            _contradictions = 0;
            return null;
        }

        if (++_contradictions <= MostContradictions)
            return (KeysetStep.Next, false);

        (_issue, _isUnconstrained) = (what, scan.Outside > 0);
        return (KeysetStep.End, false);
    }

    private (KeysetStep Next, bool IsHandedOn) Step(RawPage page, KeysetPage scan)
    {
        var total = page.Count + page.Remaining;
        _fellShort |= total < _promised;
        if (scan.IsOneMillisecond && (page.Remaining > 0 || (page.Remaining is null && scan.New.Count == 0)))
        {
            _repeatedOfMillisecond = page.Count - scan.New.Count;
            (Key, _promised, _handedOn) = (scan.Last!.Value, total, []);
            return (KeysetStep.Millisecond, false);
        }

        if (page.Remaining != 0 && !scan.IsSorted)
            _issue ??= $"records came in another order than by {_field} in {Rest}, so that nothing shows completeness";
        HandOn(page, scan, total);
        return (page.Remaining is { } remaining ? Counted(page, scan, remaining) : Uncounted(scan), true);
    }

    private void HandOn(RawPage page, KeysetPage scan, long? total)
    {
        _nameless += Add(scan.New);
        _rows += scan.New.Count;
        (_before, _isFirst) = (_isFirst ? total - (page.Count - scan.New.Count) : _before, false);
        _after = _rows + page.Remaining;
        (Key, _handedOn) = (scan.Last ?? Key, scan.OfLast);
        _promised = scan.OfLast.Values.Sum() + page.Remaining;
    }

    private KeysetStep Counted(RawPage page, KeysetPage scan, long remaining)
    {
        // After a full page that claims to be the last, one more page is requested: one wrong number must not end the reading.
        if (remaining == 0)
            return scan.New.Count == 0 || page.Count < Math.Min(page.Limit, settings.PageSize) ? KeysetStep.End : KeysetStep.Next;

        if (scan.Last is null)
        {
            _issue ??= $"no record has a {_field} that can be read in {Rest}";
            return KeysetStep.End;
        }

        return Allow(scan.New.Count, remaining);
    }

    private KeysetStep Uncounted(KeysetPage scan)
    {
        _issue ??= "Bubble's answers do not say how many rows remain, so that nothing shows completeness";
        return scan.New.Count == 0 ? KeysetStep.End : Allow(scan.New.Count, settings.OffsetCeiling);
    }

    // Records modified before the bound are still to come, or were modified again: the next run reads those.
    private KeysetStep Allow(int came, long remaining)
    {
        if (_allowed is not null)
            _allowed -= came;
        else if (Key >= bound)
            _allowed = remaining + (PagesBeyondBound * settings.PageSize);

        return _allowed <= 0 ? KeysetStep.End : KeysetStep.Next;
    }

    // Returns how many records before the bound have no id that identifies them.
    private long Add(IEnumerable<JsonElement> records)
    {
        var nameless = 0L;
        foreach (var record in records.Where(r => !(KeysetPage.Moment(r, _field) >= bound)))
        {
            if (record.ValueKind == JsonValueKind.Object && WindowVerifier.TryField(record, BubbleField.Id, out var id) && id.ValueKind == JsonValueKind.String)
                _ids.Add(ByteHash.Of(JsonMarshal.GetRawUtf8Value(id)));
            else
                nameless++;
        }

        return nameless;
    }
}
