using System.Buffers;

namespace BubbleSync.Etl.Extract;

/// <summary>
/// Hot: the hashes of the ids that came, each once. A table of hashes with open addressing, in pooled memory: a set of the framework would allocate 320 KB for
/// a window of 5,000 records, 135 KB of them as a large object.
/// </summary>
internal sealed class SeenIds : IDisposable
{
    private const int LeastPlaces = 256;

    // Marks a free place. An id with this hash gets the next hash.
    private const ulong Free = 0;

    private ulong[] _lent = [];
    private int _places;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds an id; returns whether it is new.</summary>
    public bool Add(ulong hash)
    {
        // At most half full, so that the next free place is near.
        if (Count * 2 >= _places)
            Grow();
        if (!Put(hash == Free ? Free + 1 : hash))
            return false;

        Count++;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Return(_lent);
        (_lent, _places) = ([], 0);
    }

    private bool Put(ulong hash)
    {
        var places = _lent.AsSpan(0, _places);
        for (var place = (int)hash & (_places - 1); ; place = (place + 1) & (_places - 1))
        {
            if (places[place] == hash)
                return false;
            if (places[place] != Free)
                continue;

            places[place] = hash;
            return true;
        }
    }

    private void Grow()
    {
        var (before, filled) = (_lent, _places);
        _places = Math.Max(LeastPlaces, _places * 2);
        _lent = ArrayPool<ulong>.Shared.Rent(_places);
        _lent.AsSpan(0, _places).Clear();
        foreach (var hash in before.AsSpan(0, filled))
        {
            if (hash != Free)
                Put(hash);
        }

        Return(before);
    }

    private static void Return(ulong[] lent)
    {
        if (lent.Length > 0)
            ArrayPool<ulong>.Shared.Return(lent);
    }
}
