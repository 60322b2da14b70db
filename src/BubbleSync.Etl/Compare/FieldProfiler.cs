using System.Runtime.InteropServices;
using System.Text.Json;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Transform;

namespace BubbleSync.Etl.Compare;

/// <summary>
/// Collects the contents of each reading until its end shows whether it counts. A record that is read twice is counted with its first reading: a hash of
/// 64 bits is kept of every record. Thread-safe.
/// </summary>
internal sealed class FieldProfiler(EntityPlan plan)
{
    private readonly Lock _lock = new();
    private readonly KnownNames _names = new(new NameIndex(plan));
    private readonly Dictionary<WindowReading, ReadingProfile> _open = [];
    private readonly HashSet<ulong> _counted = [];

    /// <summary>The readings that count.</summary>
    public FieldProfile Total { get; } = new();

    /// <summary>Counts a page as it came.</summary>
    public void Look(PageRead read)
    {
        var records = read.Page.Records.EnumerateArray().ToList();
        var hashes = records.ConvertAll(Hash);
        lock (_lock)
            records = Uncounted(records, hashes, Find(read.Of), read.Order);

        var seen = FieldProfile.Of(records, _names);
        lock (_lock)
            Find(read.Of).Seen.Add(seen);
    }

    /// <summary>Adds the values of a counted page that did not convert, or the end of a reading. The end may arrive before its pages.</summary>
    public void Take(Reading reading)
    {
        lock (_lock)
        {
            var open = Find(reading.Of);
            if (reading is PageMapped { Batch: var batch })
            {
                using (batch)
                    open.Seen.Fail(batch.Rejects.Where(r => !open.LeftOut.Contains(r.Order)));
                open.Pages++;
            }

            open.End = reading as ReadingEnded ?? open.End;
            if (open.End?.Pages == open.Pages)
                Close(open.End, open);
        }
    }

    private List<JsonElement> Uncounted(List<JsonElement> records, List<(ulong Hash, bool IsId)> hashes, ReadingProfile open, long order)
    {
        var uncounted = new List<JsonElement>(records.Count);
        foreach (var (index, (hash, isId)) in hashes.Index())
        {
            // Two equal records without an id in one reading are two records.
            if (_counted.Contains(hash) || (!open.Records.Add(hash) && isId))
                open.LeftOut.Add(order + index);
            else
                uncounted.Add(records[index]);
        }

        return uncounted;
    }

    private ReadingProfile Find(WindowReading reading) => _open.TryGetValue(reading, out var open) ? open : _open[reading] = new ReadingProfile();

    private void Close(ReadingEnded end, ReadingProfile open)
    {
        _open.Remove(end.Of);
        if (end.ReadingResult.Outcome == Outcome.Discarded)
            return;

        Total.Add(open.Seen);
        _counted.UnionWith(open.Records);
    }

    // A record without an id is identified by its whole content.
    private static (ulong Hash, bool IsId) Hash(JsonElement record) =>
        record.ValueKind == JsonValueKind.Object && WindowVerifier.TryField(record, BubbleField.Id, out var id) && id.ValueKind == JsonValueKind.String
            ? (ByteHash.Of(JsonMarshal.GetRawUtf8Value(id)), true)
            : (ByteHash.Of(JsonMarshal.GetRawUtf8Value(record)), false);

    private sealed class ReadingProfile
    {
        public FieldProfile Seen { get; } = new();

        /// <summary>Hashes of the records that came.</summary>
        public HashSet<ulong> Records { get; } = [];

        /// <summary>The numbers of those that were counted before.</summary>
        public HashSet<long> LeftOut { get; } = [];

        public int Pages { get; set; }

        public ReadingEnded? End { get; set; }
    }
}
