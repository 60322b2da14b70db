using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator.Storage;

/// <summary>A window of Created Date, forwards or backwards.</summary>
internal sealed class WindowRows(MergedRange range, Timeline timeline, bool isBackward) : IRows
{
    public long Count => range.Count;

    public RecordPlace this[long place] => range[isBackward ? range.Count - 1 - place : place];

    public bool AreTied(long one, long other) => Created(this[one]) == Created(this[other]);

    private long Created(RecordPlace place) => place.Stored?.Created ?? timeline.Created(place.Index);
}
