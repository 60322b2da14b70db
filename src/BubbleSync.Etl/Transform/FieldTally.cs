namespace BubbleSync.Etl.Transform;

/// <summary>Counts what an entity's records held, a page at a time. Thread-safe.</summary>
internal sealed class FieldTally
{
    private readonly Lock _lock = new();
    private readonly Dictionary<KnownName, long> _present = [];
    private readonly Dictionary<(int Column, TextNotes Note), (long Count, string Example)> _notes = [];

    /// <summary>Records that held each name.</summary>
    public IReadOnlyDictionary<KnownName, long> Present
    {
        get
        {
            lock (_lock)
                return new Dictionary<KnownName, long>(_present);
        }
    }

    /// <summary>What was changed or odd, by column ordinal: how often, and one record as an example.</summary>
    public IReadOnlyDictionary<(int Column, TextNotes Note), (long Count, string Example)> Notes
    {
        get
        {
            lock (_lock)
                return new Dictionary<(int, TextNotes), (long, string)>(_notes);
        }
    }

    /// <summary>Adds a page's counts.</summary>
    public void Add(PageTally page)
    {
        lock (_lock)
        {
            foreach (var (name, count) in page.Present)
                _present[name] = _present.GetValueOrDefault(name) + count;
            foreach (var (column, notes, id) in page.Notes)
                AddNotes(column, notes, id);
        }
    }

    private void AddNotes(int column, TextNotes notes, string id)
    {
        foreach (var note in new[] { TextNotes.Removed, TextNotes.Replaced, TextNotes.MaybeCut })
        {
            if (!notes.HasFlag(note))
                continue;

            var (count, example) = _notes.GetValueOrDefault((column, note), (0, id));
            _notes[(column, note)] = (count + 1, example);
        }
    }
}

/// <summary>One page's counts, taken without locks.</summary>
internal sealed class PageTally
{
    private readonly List<(KnownName Name, int[] Count)> _present = [];
    private int[]?[] _byNumber = new int[64][];

    /// <summary>Records that held each name.</summary>
    public IEnumerable<(KnownName Name, int Count)> Present => _present.Select(p => (p.Name, p.Count[0]));

    /// <summary>What was changed or odd in a column of a record.</summary>
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
