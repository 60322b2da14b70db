namespace BubbleSync.Simulator.Storage;

/// <summary>The rows of a search in order: a window found by arithmetic, or a list that was sifted and sorted.</summary>
internal interface IRows
{
    long Count { get; }

    RecordPlace this[long place] { get; }

    /// <summary>Whether the rows at two places agree in all that is sorted by.</summary>
    bool AreTied(long one, long other);

    IEnumerable<RecordPlace> Between(long from, long to)
    {
        for (var at = from; at < to; at++)
            yield return this[at];
    }
}
