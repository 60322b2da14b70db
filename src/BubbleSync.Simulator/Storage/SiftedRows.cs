using BubbleSync.Simulator.Searching;

namespace BubbleSync.Simulator.Storage;

/// <summary>Rows that were filtered one by one, and sorted.</summary>
internal sealed class SiftedRows(RecordPlace[] places, IComparable?[][] keys) : IRows
{
    public long Count => places.Length;

    public RecordPlace this[long place] => places[place];

    public bool AreTied(long one, long other) => keys[one].AsSpan().SequenceEqual(keys[other]);

    public static SiftedRows Sorted(List<RecordPlace> places, IReadOnlyList<SortKey> order, RecordView view)
    {
        var keys = places.ConvertAll(place => Keys(place, order, view)).ToArray();
        var ranks = Enumerable.Range(0, keys.Length).ToArray();
        Array.Sort(ranks, (one, other) => Compare(keys[one], keys[other], order) is var result && result != 0 ? result : one - other);
        return new([.. ranks.Select(rank => places[rank])], [.. ranks.Select(rank => keys[rank])]);
    }

    private static IComparable?[] Keys(RecordPlace place, IReadOnlyList<SortKey> order, RecordView view)
    {
        view.Show(place);
        return [.. order.Select(key => view.Value(key.Field))];
    }

    private static int Compare(IComparable?[] one, IComparable?[] other, IReadOnlyList<SortKey> order)
    {
        for (var at = 0; at < order.Count; at++)
        {
            var result = Compare(one[at], other[at]);
            if (result != 0)
                return order[at].Descending ? -result : result;
        }

        return 0;
    }

    // Empty comes last, as with Created Date.
    private static int Compare(IComparable? one, IComparable? other) => (one, other) switch
    {
        (null, null) => 0,
        (null, _) => 1,
        (_, null) => -1,
        (string text, string otherText) => string.CompareOrdinal(text, otherText),
        _ => one.CompareTo(other),
    };
}
