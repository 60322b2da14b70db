using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator.Storage;

/// <summary>What was put over the generated records of a type and what was deleted from them, both in order.</summary>
internal sealed class Overlay(Timeline timeline)
{
    private readonly List<StoredRecord> _records = [];
    private readonly List<long> _hidden = [];
    private readonly Dictionary<string, StoredRecord> _byId = [];
    private long _sequence;

    public IReadOnlyList<StoredRecord> Records => _records;

    public int HiddenCount => _hidden.Count;

    public StoredRecord? Find(string id) => _byId.GetValueOrDefault(id);

    public void Put(StoredRecord record)
    {
        if (record.Id is { } id)
            Remove(id);
        Add(record, isFirst: true);
    }

    /// <summary>Adds a second record with an id that is already there.</summary>
    public void PutTwin(StoredRecord record) => Add(record, isFirst: false);

    public bool Remove(string id)
    {
        if (_byId.Remove(id, out var stored))
        {
            _records.RemoveAt(_records.BinarySearch(stored, StoredOrder.Instance));
            return true;
        }

        var index = timeline.Find(id);
        return index >= 0 && Hide(index);
    }

    public void Clear()
    {
        _records.Clear();
        _byId.Clear();
        _hidden.Clear();
        for (var index = 0L; index < timeline.Count; index++)
            _hidden.Add(index);
    }

    public bool IsHidden(long index) => _hidden.BinarySearch(index) >= 0;

    /// <summary>How many generated records before this index are hidden.</summary>
    public int HiddenBefore(long index)
    {
        var at = _hidden.BinarySearch(index);
        return at < 0 ? ~at : at;
    }

    /// <summary>The index of the visible generated record that has so many visible ones before it.</summary>
    public long IndexOfVisible(long rank)
    {
        var (low, high) = (0, _hidden.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_hidden[middle] - middle <= rank)
                low = middle + 1;
            else
                high = middle;
        }

        return rank + low;
    }

    /// <summary>How many stored records were created before that millisecond.</summary>
    public int CountBefore(long milliseconds)
    {
        var at = _records.BinarySearch(new([], null, milliseconds, null) { Sequence = -1 }, StoredOrder.Instance);
        return at < 0 ? ~at : at;
    }

    private bool Hide(long index)
    {
        var at = _hidden.BinarySearch(index);
        if (at >= 0)
            return false;

        _hidden.Insert(~at, index);
        return true;
    }

    private void Add(StoredRecord record, bool isFirst)
    {
        var placed = record with { Sequence = _sequence++, Before = GeneratedBefore(record) };
        _records.Insert(~_records.BinarySearch(placed, StoredOrder.Instance), placed);
        if (isFirst && placed.Id is { } id)
            _byId[id] = placed;
    }

    private long GeneratedBefore(StoredRecord record)
    {
        if (record.Created == StoredRecord.Undated)
            return timeline.Count;

        var (low, high) = (timeline.CountBefore(record.Created), timeline.CountBefore(record.Created + 1));
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (string.CompareOrdinal(timeline.Id(middle).ToString(), record.Id ?? "") < 0)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
