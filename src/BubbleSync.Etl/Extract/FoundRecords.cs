namespace BubbleSync.Etl.Extract;

/// <summary>The records to sync.</summary>
/// <param name="Ids">Their ids.</param>
/// <param name="Unusable">Records without a usable id, as they came: they cannot be asked for.</param>
/// <param name="Malformed">The number of further texts that are not ids.</param>
internal sealed record FoundRecords(IReadOnlyList<string> Ids, IReadOnlyList<string> Unusable, int Malformed = 0)
{
    /// <summary>How many records there are to sync.</summary>
    public int Count => Ids.Count + Unusable.Count + Malformed;

    /// <summary>These and others.</summary>
    public FoundRecords With(FoundRecords others) => new([.. Ids.Union(others.Ids)], [.. Unusable, .. others.Unusable]);
}
