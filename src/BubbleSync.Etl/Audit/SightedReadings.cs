using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Transform;

namespace BubbleSync.Etl.Audit;

/// <summary>Gathers what the pages of each reading hold until its end says whether it counts: what is read again is not counted twice. Thread-safe.</summary>
internal sealed class SightedReadings(EntityPlan plan)
{
    private readonly Lock _lock = new();
    private readonly KnownNames _names = new(new NameIndex(plan));
    private readonly Dictionary<WindowReading, OpenReading> _open = [];

    /// <summary>The readings that count.</summary>
    public FieldSightings Total { get; } = new();

    /// <summary>Looks at a page as it came.</summary>
    public void Look(PageRead read)
    {
        var seen = FieldSightings.Of(read.Page, _names);
        lock (_lock)
            Find(read.Of).Seen.Add(seen);
    }

    /// <summary>Takes a page that has been mapped and looked at, of which only what did not convert matters; or the end of a reading, which may overtake its pages.</summary>
    public void Take(Reading reading)
    {
        lock (_lock)
        {
            var open = Find(reading.Of);
            if (reading is PageMapped { Batch: var batch })
            {
                using (batch)
                    open.Seen.Fail(batch.Rejects);
                open.Pages++;
            }

            open.End = reading as ReadingEnded ?? open.End;
            if (open.End?.Pages == open.Pages)
                Close(open.End, open.Seen);
        }
    }

    private OpenReading Find(WindowReading reading) => _open.TryGetValue(reading, out var open) ? open : _open[reading] = new OpenReading();

    private void Close(ReadingEnded end, FieldSightings seen)
    {
        _open.Remove(end.Of);
        if (end.Verdict.Outcome != Outcome.Discarded)
            Total.Add(seen);
    }

    private sealed class OpenReading
    {
        public FieldSightings Seen { get; } = new();

        public int Pages { get; set; }

        public ReadingEnded? End { get; set; }
    }
}
