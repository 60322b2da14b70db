using System.Collections.Concurrent;

namespace BubbleSync.Etl.Bubble.Throttling;

/// <summary>
/// The sizes of each type's records, from its last pages: they determine how much memory a page will take, and how many records a page may have.
/// </summary>
/// <param name="mostBytes">The most bytes that a page of more than two records should have.</param>
internal sealed class RecordSizes(long mostBytes)
{
    // Reading by key needs two records a page: the first is the last of the page before.
    private const int FewestRecords = 2;
    private const double FirstGuess = 1024;
    // One page of small records does not mean that the next are small too.
    private const double Decay = 0.8;

    private readonly ConcurrentDictionary<string, double> _bytes = [];

    /// <summary>Returns how many records to ask for: as many as wanted, or fewer where these would make too large a page.</summary>
    public int Limit(string type, int wanted) =>
        _bytes.TryGetValue(type, out var bytes) ? (int)Math.Min(wanted, Math.Max(FewestRecords, mostBytes / bytes)) : wanted;

    /// <summary>Returns how many bytes a page of so many records will probably have.</summary>
    public long Expected(string type, int records) => (long)(_bytes.GetValueOrDefault(type, FirstGuess) * records) + 1;

    /// <summary>Records the size of a page.</summary>
    public void Add(string type, int records, int bytes)
    {
        if (records > 0)
            _bytes.AddOrUpdate(type, (double)bytes / records, (_, before) => Math.Max((double)bytes / records, before * Decay));
    }
}
