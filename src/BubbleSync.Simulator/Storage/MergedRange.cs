using System.Runtime.CompilerServices;
using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator.Storage;

/// <summary>
/// Hot: a window of Created Date over generated and stored records together, in order; any place in it is found without walking there.
/// </summary>
internal sealed class MergedRange
{
    private readonly Overlay _overlay;
    private readonly long _from;
    private readonly long _to;
    private readonly long _visibleBefore;
    private readonly int _storedFrom;
    private readonly int _stored;

    public MergedRange(Timeline timeline, Overlay overlay, long createdFrom, long createdTo)
        : this(overlay, timeline.CountBefore(createdFrom), createdTo == StoredRecord.Undated
            ? timeline.Count
            : timeline.CountBefore(createdTo), overlay.CountBefore(createdFrom), overlay.CountBefore(createdTo))
    {
    }

    public MergedRange(Overlay overlay, long from, long to, int storedFrom, int storedTo)
    {
        to = Math.Max(from, to);
        _overlay = overlay;
        (_from, _to) = (from, to);
        _storedFrom = storedFrom;
        _stored = Math.Max(0, storedTo - storedFrom);
        _visibleBefore = from - overlay.HiddenBefore(from);
        Count = to - overlay.HiddenBefore(to) - _visibleBefore + _stored;
    }

    public long Count { get; }

    public RecordPlace this[long place]
    {
        get
        {
            var stored = StoredBefore(place);
            if (stored < _stored && PlaceOf(stored) == place)
                return new(-1, _overlay.Records[_storedFrom + stored]);

            return new(_overlay.IndexOfVisible(_visibleBefore + place - stored));
        }
    }

    // The first stored record at this place or after it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int StoredBefore(long place)
    {
        var (low, high) = (0, _stored);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (PlaceOf(middle) < place)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    private long PlaceOf(int stored)
    {
        var before = Math.Clamp(_overlay.Records[_storedFrom + stored].Before, _from, _to);
        return stored + before - _overlay.HiddenBefore(before) - _visibleBefore;
    }
}
