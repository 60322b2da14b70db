using System.Runtime.CompilerServices;

namespace BubbleSync.Simulator.Generation;

/// <summary>
/// Hot: when record i of one type was created and modified, and what its id is. Created Date never falls as i grows, and on one
/// millisecond ids grow with i: index order is the order by Created Date and <c>_id</c>, and a window is a range of indices.
/// </summary>
internal sealed class Timeline
{
    /// <summary>2026-01-01T00:00:00Z; nothing generated is older.</summary>
    public const long Start = 1_767_225_600_000;

    /// <summary>2026-10-01T00:00:00Z; nothing generated is created or modified then or later.</summary>
    public const long End = 1_790_812_800_000;

    private const long TieGroup = 50;
    private const long TieStart = 10;
    private const long FirstSuffix = 100_000_000_000_000_000;
    private const long Suffixes = 9 * FirstSuffix;

    private readonly ulong _key;
    private readonly long _dense;
    private readonly long _denseStart;
    private readonly long _slots;
    private readonly long _slotWidth;

    public Timeline(ulong key, long count, long dense)
    {
        _key = key;
        _dense = dense;
        Count = count + dense;
        _denseStart = dense == 0 ? long.MaxValue : count / 2;
        _slots = Math.Max(1, count + (dense == 0 ? 0 : 1));
        _slotWidth = Math.Max(1, (End - Start) / _slots);
    }

    public long Count { get; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public long Created(long index) => MomentOf(Place(index, out _, out _));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public RecordId Id(long index)
    {
        var slot = Place(index, out var rank, out var run);
        var step = run == 1 ? Suffixes : Suffixes / run;
        return new(MomentOf(slot), FirstSuffix + (rank * step) + Mix.Below(Mix.Of(_key ^ Mix.Step, index), step));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public long Modified(long index)
    {
        var created = Created(index);
        var dice = Mix.Of(~_key, index);
        if (dice % 5 < 2)
            return created;

        return Math.Min(End - 1, created + Mix.Below(Mix.Of(dice), 30L * 86_400_000));
    }

    /// <summary>How many records were created before that millisecond.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public long CountBefore(long milliseconds)
    {
        var (low, high) = (0L, Count);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (Created(middle) < milliseconds)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>How many records have a smaller id, compared as text.</summary>
    public long CountBeforeId(string id)
    {
        var (low, high) = (0L, Count);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (string.CompareOrdinal(Id(middle).ToString(), id) < 0)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>The index of the record with that id, or -1.</summary>
    public long Find(string id)
    {
        var index = CountBeforeId(id);
        return index < Count && Id(index).ToString() == id ? index : -1;
    }

    private long MomentOf(long slot) => Start + (slot * (End - Start) / _slots) + Mix.Below(Mix.Of(_key, slot), _slotWidth);

    // Now and then a bulk insert puts a few records on one millisecond; the fault "dense" puts very many there.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long Place(long index, out long rank, out long run)
    {
        var slot = index < _denseStart ? index : index < _denseStart + _dense ? _denseStart : index - _dense + 1;
        if (slot == _denseStart)
        {
            (rank, run) = (index - _denseStart, _dense);
            return slot;
        }

        var group = slot / TieGroup;
        var place = (slot % TieGroup) - TieStart;
        (rank, run) = (0, 1);
        if (place is < 0 or > 4 || group == _denseStart / TieGroup)
            return slot;

        var length = Math.Min(2 + (long)(Mix.Of(_key, ~group) % 4), _slots - (group * TieGroup) - TieStart);
        if (place >= length)
            return slot;

        (rank, run) = (place, length);
        return slot - place;
    }
}
