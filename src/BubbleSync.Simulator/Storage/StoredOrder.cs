namespace BubbleSync.Simulator.Storage;

/// <summary>Orders stored records as generated ones are: by Created Date, then id as text.</summary>
internal sealed class StoredOrder : IComparer<StoredRecord>
{
    public static readonly StoredOrder Instance = new();

    public int Compare(StoredRecord? x, StoredRecord? y)
    {
        var order = x!.Created.CompareTo(y!.Created);
        if (order == 0)
            order = string.CompareOrdinal(x.Id ?? "", y.Id ?? "");
        return order == 0 ? x.Sequence.CompareTo(y.Sequence) : order;
    }
}
