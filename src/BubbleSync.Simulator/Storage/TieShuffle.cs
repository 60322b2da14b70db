using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator.Storage;

/// <summary>Gives rows that agree in all that is sorted by in an order of its own, a new one for every key.</summary>
internal sealed class TieShuffle(ulong key)
{
    public List<RecordPlace> Read(IRows rows, long from, long to)
    {
        var (first, last) = (from, to);
        while (first > 0 && rows.AreTied(first - 1, from))
            first--;
        while (last < rows.Count && rows.AreTied(last, to - 1))
            last++;

        var result = new List<RecordPlace>();
        for (var start = first; start < last;)
        {
            var end = start + 1;
            while (end < last && rows.AreTied(start, end))
                end++;
            result.AddRange(
                rows.Between(start, end).Select((place, at) => (place, dice: Mix.Of(key, start + at))).OrderBy(pair => pair.dice).Select(pair => pair.place));
            start = end;
        }

        return result.GetRange((int)(from - first), (int)(to - from));
    }
}
