using BubbleSync.Simulator.Searching;

namespace BubbleSync.Simulator.Storage;

/// <summary>The last few sifted searches of a type, so that paging through one sifts once; empty again after every change.</summary>
internal sealed class SearchMemory
{
    private const int Most = 8;

    private readonly Dictionary<string, SiftedRows> _rows = [];

    public SiftedRows Recall(Search search, Func<SiftedRows> sift)
    {
        if (_rows.TryGetValue(search.Text, out var known))
            return known;

        if (_rows.Count == Most)
            _rows.Clear();
        return _rows[search.Text] = sift();
    }

    public void Forget() => _rows.Clear();
}
