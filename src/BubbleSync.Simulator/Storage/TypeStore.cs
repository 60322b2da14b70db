using System.Text;
using BubbleSync.Simulator.Generation;
using BubbleSync.Simulator.Searching;

namespace BubbleSync.Simulator.Storage;

/// <summary>All records of one type: the generated ones, and over them what was put and deleted. Safe to use from many threads.</summary>
internal sealed class TypeStore
{
    private readonly Lock _gate = new();
    private readonly Shape? _shape;
    private readonly Generator _generator;
    private readonly Overlay _overlay;
    private readonly SearchMemory _memory = new();

    public TypeStore(string name, Shape? shape, Generator generator, Timeline timeline, bool idKeys)
    {
        Name = name;
        Timeline = timeline;
        Fields = new(shape?.Fields ?? [], idKeys);
        _shape = shape;
        _generator = generator;
        _overlay = new(timeline);
    }

    public string Name { get; }

    public string Url => Shape.UrlOf(Name);

    public Timeline Timeline { get; }

    public FieldBook Fields { get; }

    public long Count
    {
        get
        {
            lock (_gate)
                return Timeline.Count - _overlay.HiddenCount + _overlay.Records.Count;
        }
    }

    public void Put(byte[] json)
    {
        var record = StoredRecord.Parse(_generator.CutsLists ? ListCut.Apply(json, _generator.LongestList) : json);
        lock (_gate)
        {
            Fields.Learn(json);
            _overlay.Put(record);
            _memory.Forget();
        }
    }

    public void Declare(string field, string kind)
    {
        lock (_gate)
            Fields.Declare(field, kind);
    }

    public void PutTwin(byte[] json)
    {
        lock (_gate)
        {
            _overlay.PutTwin(StoredRecord.Parse(json));
            _memory.Forget();
        }
    }

    public bool Delete(string id)
    {
        lock (_gate)
        {
            _memory.Forget();
            return _overlay.Remove(id);
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _memory.Forget();
            _overlay.Clear();
        }
    }

    public RecordPlace? Find(string id)
    {
        lock (_gate)
            return Locate(id);
    }

    /// <summary>The rows from that place on, and how many match in all.</summary>
    public Page Read(Search search, long from, long count, TieShuffle? shuffle)
    {
        lock (_gate)
        {
            var rows = Rows(search);
            var to = Math.Min(rows.Count, from + count);
            if (from >= to)
                return new([], rows.Count);

            return new(shuffle is null ? [.. rows.Between(from, to)] : shuffle.Read(rows, from, to), rows.Count);
        }
    }

    /// <summary>The place that has so many before it in the order by Created Date and id; null past the last.</summary>
    public RecordPlace? At(long rank)
    {
        lock (_gate)
        {
            var everything = new MergedRange(_overlay, 0, Timeline.Count, 0, _overlay.Records.Count);
            return rank < everything.Count ? everything[rank] : null;
        }
    }

    public void Write(RecordPlace place, Utf8Output output)
    {
        if (place.Stored is { } stored)
            output.Raw(stored.Json);
        else
            _generator.Draft(output).Write(_shape!, place.Index);
    }

    /// <summary>Writes rows one after the other, with commas between them.</summary>
    public void Write(IReadOnlyList<RecordPlace> rows, Utf8Output output)
    {
        var draft = _generator.Draft(output);
        for (var at = 0; at < rows.Count; at++)
        {
            if (at > 0)
                output.Raw((byte)',');
            if (rows[at].Stored is { } stored)
                output.Raw(stored.Json);
            else
                draft.Write(_shape!, rows[at].Index);
        }
    }

    public string Json(RecordPlace place)
    {
        using var output = new Utf8Output();
        Write(place, output);
        return Encoding.UTF8.GetString(output.Written.Span);
    }

    private RecordPlace? Locate(string id)
    {
        if (_overlay.Find(id) is { } stored)
            return new(-1, stored);

        var index = Timeline.Find(id);
        return index < 0 || _overlay.IsHidden(index) ? null : new(index);
    }

    private IRows Rows(Search search)
    {
        var bounds = SearchBounds.Of(search);
        var isUntouched = _overlay.Records.Count == 0;
        var order = search.NaturalOrder(isUntouched);
        if (order != NaturalOrder.None && bounds.IsExact && (!bounds.HasIdBounds || isUntouched))
            return new WindowRows(Window(bounds), Timeline, order == NaturalOrder.Backward);

        return _memory.Recall(search, () => Sift(search, bounds));
    }

    private MergedRange Window(SearchBounds bounds)
    {
        var (from, to) = bounds.NoneGenerated ? (0, 0) : bounds.Range(Timeline);
        var storedFrom = _overlay.CountBefore(bounds.OnlyUndated ? StoredRecord.Undated : bounds.CreatedFrom);
        var storedTo = bounds.WithUndated ? _overlay.Records.Count : _overlay.CountBefore(bounds.CreatedTo);
        return new(_overlay, from, to, storedFrom, storedTo);
    }

    private SiftedRows Sift(Search search, SearchBounds bounds)
    {
        using var view = new RecordView(this);
        var window = Window(bounds);
        var matches = new List<RecordPlace>();
        for (var at = 0L; at < window.Count && bounds.Ids is null; at++)
            AddIfMatching(window[at]);
        foreach (var id in bounds.Ids ?? [])
        {
            if (Locate(id) is { } place)
                AddIfMatching(place);
        }

        return SiftedRows.Sorted(matches, search.Order.Count == 0 ? [new(Fields.Find("Created Date")!, false)] : search.Order, view);

        void AddIfMatching(RecordPlace place)
        {
            view.Show(place);
            if (search.Conditions.All(condition => condition.Matches(view)))
                matches.Add(place);
        }
    }
}
