using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Transform.FieldTypes;

namespace BubbleSync.Etl.Transform;

/// <summary>
/// Counts the fields of an entity's records, page by page, in accepted readings. A record that is read twice is counted with its first reading. No ids
/// are kept for that. Thread-safe.
/// </summary>
internal sealed class FieldTally
{
    private readonly Lock _lock = new();
    private readonly HeldFields _once = new();
    private readonly HeldFields _again = new();
    private readonly HashSet<Window> _windows = [];
    private readonly Dictionary<WindowReading, OpenTally> _open = [];
    private bool _hasHistory;

    /// <summary>The number of records that had each name.</summary>
    public IReadOnlyDictionary<KnownName, long> Present
    {
        get
        {
            lock (_lock)
                return ParallelWork(_once.Present, _again.Present);
        }
    }

    /// <summary>Values that were changed or are unusual, by column ordinal: how often, and one record as an example.</summary>
    public IReadOnlyDictionary<(int Column, TextNotes Note), (long Count, string Example)> Notes
    {
        get
        {
            lock (_lock)
                return ParallelWork(_once.Notes, _again.Notes);
        }
    }

    /// <summary>Adds a page's counts to its reading.</summary>
    public void Add(WindowReading reading, PageTally page)
    {
        lock (_lock)
        {
            var open = Find(reading);
            open.Fields.Add(page);
            open.Pages++;
            Close(open);
        }
    }

    /// <summary>Takes the end of a reading. It may arrive before the reading's pages.</summary>
    public void End(ReadingEnded end)
    {
        lock (_lock)
        {
            var open = Find(end.Of);
            open.End = end;
            Close(open);
        }
    }

    private OpenTally Find(WindowReading reading) => _open.TryGetValue(reading, out var open) ? open : _open[reading] = new OpenTally();

    private void Close(OpenTally open)
    {
        if (open.End is not { } end || end.Pages != open.Pages)
            return;

        _open.Remove(end.Of);
        if (end.ReadingResult.Outcome == Outcome.Discarded)
            return;

        // Changes that are read after the windows are mostly records that the windows held already.
        var window = end.Of.Window;
        var isChange = window.Kind == WindowKind.Modified;
        var isAgain = !_windows.Add(window) || (isChange && _hasHistory);
        _hasHistory |= !isChange;
        (isAgain ? _again : _once).Add(open.Fields);
    }

    // Fields that only repeated records have are counted with these.
    private static Dictionary<TKey, TValue> ParallelWork<TKey, TValue>(Dictionary<TKey, TValue> once, Dictionary<TKey, TValue> again)
        where TKey : notnull
    {
        var all = new Dictionary<TKey, TValue>(once);
        foreach (var (key, value) in again)
            all.TryAdd(key, value);
        return all;
    }

    private sealed class OpenTally
    {
        public HeldFields Fields { get; } = new();

        public int Pages { get; set; }

        public ReadingEnded? End { get; set; }
    }
}

/// <summary>What some records held.</summary>
internal sealed class HeldFields
{
    /// <summary>The number of records that had each name.</summary>
    public Dictionary<KnownName, long> Present { get; } = [];

    /// <summary>Values that were changed or are unusual, by column ordinal: how often, and one record as an example.</summary>
    public Dictionary<(int Column, TextNotes Note), (long Count, string Example)> Notes { get; } = [];

    /// <summary>Adds a page's counts.</summary>
    public void Add(PageTally page)
    {
        foreach (var (name, count) in page.Present)
            Present[name] = Present.GetValueOrDefault(name) + count;
        foreach (var (column, notes, id) in page.Notes)
            AddNotes(column, notes, id);
    }

    /// <summary>Adds the counts of other records.</summary>
    public void Add(HeldFields others)
    {
        foreach (var (name, count) in others.Present)
            Present[name] = Present.GetValueOrDefault(name) + count;
        foreach (var (note, (count, example)) in others.Notes)
            AddNote(note, count, example);
    }

    private void AddNotes(int column, TextNotes notes, string id)
    {
        foreach (var note in new[] { TextNotes.Removed, TextNotes.Replaced, TextNotes.MaybeCut })
        {
            if (notes.HasFlag(note))
                AddNote((column, note), 1, id);
        }
    }

    private void AddNote((int Column, TextNotes Note) note, long count, string example)
    {
        var (before, first) = Notes.GetValueOrDefault(note, (0, example));
        Notes[note] = (before + count, first);
    }
}

/// <summary>One page's counts, taken without locks.</summary>
internal sealed class PageTally
{
    private readonly List<(KnownName Name, int[] Count)> _present = [];
    private int[]?[] _byNumber = new int[64][];

    /// <summary>The number of records that had each name.</summary>
    public IEnumerable<(KnownName Name, int Count)> Present => _present.Select(p => (p.Name, p.Count[0]));

    /// <summary>A value that was changed or is unusual, in a column of a record.</summary>
    public List<(int Column, TextNotes Notes, string BubbleId)> Notes { get; } = [];

    /// <summary>A record holds a name.</summary>
    public void Count(KnownName name)
    {
        if (name.Number >= _byNumber.Length)
            Array.Resize(ref _byNumber, Math.Max(name.Number + 1, _byNumber.Length * 2));
        if (_byNumber[name.Number] is not { } count)
        {
            count = _byNumber[name.Number] = new int[1];
            _present.Add((name, count));
        }

        count[0]++;
    }
}
