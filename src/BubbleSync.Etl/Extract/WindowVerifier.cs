using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using static System.FormattableString;

namespace BubbleSync.Etl.Extract;

/// <summary>Verifies one reading of a window: every row lies inside, no id repeats, and there are as many rows as Bubble counted before and after.</summary>
internal sealed class WindowVerifier(Window window) : IDisposable
{
    private readonly SeenIds _ids = new();
    private readonly HashSet<ulong> _repeats = [];
    private readonly long _from = Microseconds(window.From) ?? long.MinValue;
    private readonly long _to = Microseconds(window.To) ?? long.MaxValue;
    private readonly HashSet<string> _chosen = [.. window.Choice?.Ids ?? []];
    private long _rows;
    private long _repeated;

    /// <summary>Records that lie outside the window: Bubble did not apply the constraint.</summary>
    public long Outside { get; private set; }

    /// <summary>Bubble's count at the first page, or null where it gave none.</summary>
    public long? CountBefore { get; private set; }

    /// <summary>Bubble's count at the last page so far, or null where it gave none.</summary>
    public long? CountAfter { get; private set; }

    /// <summary>Takes a page into account.</summary>
    /// <param name="page">The page.</param>
    /// <param name="cursor">The row it started at.</param>
    public void Add(RawPage page, long cursor)
    {
        var total = page.Remaining is { } remaining ? cursor + page.Count + remaining : (long?)null;
        CountBefore = _rows == 0 && cursor == 0 ? total : CountBefore;
        CountAfter = total;
        foreach (var record in page.Records.EnumerateArray())
            Add(record);
    }

    /// <summary>Returns the result of the reading.</summary>
    /// <param name="mayRepeat">Whether a re-read is still allowed.</param>
    /// <param name="repeatsAreKnown">Whether the reading before had the same ids twice: then Bubble keeps sending them.</param>
    public ReadingResult Judge(bool mayRepeat, bool repeatsAreKnown)
    {
        var trouble = Trouble();
        if (trouble is null && _repeated > 0 && !repeatsAreKnown)
            trouble = Invariant($"{_repeated} ids came twice");

        // If Bubble never counts, reading again would verify no more.
        var isHopeless = CountBefore is null && CountAfter is null;
        var outcome = trouble is null ? Outcome.Verified : mayRepeat && !isHopeless ? Outcome.Discarded : Outcome.Unverified;
        var why = trouble ?? (_repeated > 0 ? Invariant($"{_repeated} ids came twice in every reading; the newest of each counts") : null);
        return new ReadingResult(outcome, CountBefore, _rows, CountAfter, why) { IsUnconstrained = Outside > 0 };
    }

    /// <summary>Whether an id came twice.</summary>
    public bool HasRepeats => _repeated > 0;

    /// <summary>The hashes of the ids that came twice.</summary>
    public IReadOnlySet<ulong> Repeats => _repeats;

    /// <summary>Whether the same ids repeat as in another reading. Other ids mean that rows moved between pages and some were missed.</summary>
    public bool RepeatsAs(IReadOnlySet<ulong> others) => _repeated > 0 && _repeats.SetEquals(others);

    /// <inheritdoc/>
    public void Dispose() => _ids.Dispose();

    private string? Trouble()
    {
        if (Outside > 0)
            return Invariant($"{Outside} of {_rows} rows lie outside: the constraint was not applied, as happens with a token that is no admin token");
        if (CountBefore is null || CountAfter is null)
            return "Bubble's answers do not say how many rows remain, so that nothing shows completeness";

        return _rows == CountBefore && _rows == CountAfter ? null : Invariant($"{_rows} rows came of {CountBefore} counted before and {CountAfter} after");
    }

    private void Add(JsonElement record)
    {
        _rows++;
        // Records without an id cannot be told apart: each counts as one of those that Bubble counted.
        if (record.ValueKind != JsonValueKind.Object)
            return;

        if (TryField(record, BubbleField.Id, out var id) && id.ValueKind == JsonValueKind.String && Hash(id) is var hash && !_ids.Add(hash))
        {
            _repeated++;
            _repeats.Add(hash);
        }

        if (!IsInside(record))
            Outside++;
    }

    // A date that cannot be read says nothing about the window; the mapper rejects such a record.
    private bool IsInside(JsonElement record) => window.Kind switch
    {
        WindowKind.Undated => !TryField(record, BubbleField.Created, out var date) || date.ValueKind != JsonValueKind.String,
        WindowKind.Modified => !TryMoment(record, BubbleField.Modified, out var modified) || (modified >= _from && modified < _to),
        WindowKind.Chosen => window.Choice is not { } choice || (TryField(record, choice.Field, out var link) && Ids(link).Any(_chosen.Contains)),
        _ => !TryMoment(record, BubbleField.Created, out var created) || (created >= _from && created < _to),
    };

    private static IEnumerable<string> Ids(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(value)[1..^1])],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Ids),
        _ => [],
    };

    /// <summary>Reads a date field of a record as microseconds since 1970.</summary>
    public static bool TryMoment(JsonElement record, string field, out long microseconds)
    {
        microseconds = 0;
        return record.ValueKind == JsonValueKind.Object
            && TryField(record, field, out var date) && date.ValueKind == JsonValueKind.String
            && TimestampText.TryParse(JsonMarshal.GetRawUtf8Value(date)[1..^1], out microseconds);
    }

    /// <summary>Finds a field of a record, even if other names are not valid text.</summary>
    public static bool TryField(JsonElement record, string name, out JsonElement value)
    {
        try
        {
            return record.TryGetProperty(name, out value);
        }
        catch (InvalidOperationException)
        {
            // Another name of the record holds a lone surrogate, which TryGetProperty cannot compare.
            value = ComparedRaw(record, name);
            return value.ValueKind != JsonValueKind.Undefined;
        }
    }

    // Separate from TryField: there, every lookup would allocate the closure that only such a record needs.
    private static JsonElement ComparedRaw(JsonElement record, string name) =>
        record.EnumerateObject().LastOrDefault(p => JsonMarshal.GetRawUtf8PropertyName(p).SequenceEqual(Encoding.UTF8.GetBytes(name))).Value;

    private static long? Microseconds(DateTimeOffset? moment) => (moment - DateTimeOffset.UnixEpoch)?.Ticks / TimeSpan.TicksPerMicrosecond;

    // 64 bits make a false repeat among the rows of a window very unlikely; it would only cost reading the window again.
    private static ulong Hash(JsonElement id) => ByteHash.Of(JsonMarshal.GetRawUtf8Value(id));
}
