using System.Runtime.InteropServices;
using System.Text.Json;
using BubbleSync.Etl.Messages;

namespace BubbleSync.Etl.Extract.Changes;

/// <summary>The content of a page that was requested by key: which of its records are new, and where the next page begins.</summary>
internal sealed class KeysetPage
{
    private readonly DateTimeOffset? _first;

    /// <summary>Reads a page.</summary>
    /// <param name="page">The page.</param>
    /// <param name="field">The date that it is sorted by.</param>
    /// <param name="from">The first moment asked for.</param>
    /// <param name="to">The exclusive end of the request, or null.</param>
    /// <param name="handedOn">The records of the first millisecond that came before: how many, by hash.</param>
    public KeysetPage(RawPage page, string field, DateTimeOffset from, DateTimeOffset? to, IReadOnlyDictionary<ulong, int> handedOn)
    {
        var known = new Dictionary<ulong, int>(handedOn);
        foreach (var record in page.Records.EnumerateArray())
        {
            var moment = Moment(record, field);
            Outside += moment < from || moment >= to ? 1 : 0;
            IsSorted &= !(moment < Last);
            if (moment > Last || Last is null)
            {
                Last = moment;
                OfLast.Clear();
            }

            _first ??= moment;
            if (moment == Last && moment is not null)
                OfLast[Hash(record)] = OfLast.GetValueOrDefault(Hash(record)) + 1;
            if (moment != from || !Take(known, Hash(record)))
                New.Add(record);
        }
    }

    /// <summary>Records that were not asked for.</summary>
    public int Outside { get; }

    /// <summary>Whether the dates ascend.</summary>
    public bool IsSorted { get; } = true;

    /// <summary>Whether dates are equal.</summary>
    public bool IsOneMillisecond => Last is not null && _first == Last && IsSorted;

    /// <summary>The latest date, on its millisecond; null where no record has one.</summary>
    public DateTimeOffset? Last { get; }

    /// <summary>The records of the latest date: how many, by hash.</summary>
    public Dictionary<ulong, int> OfLast { get; } = [];

    /// <summary>The records that did not come before, in their order.</summary>
    public List<JsonElement> New { get; } = [];

    /// <summary>Returns a date of a record on its millisecond, or null where none can be read.</summary>
    public static DateTimeOffset? Moment(JsonElement record, string field) => WindowVerifier.TryMoment(record, field, out var microseconds)
        ? Millisecond.Floor(DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond))
        : null;

    /// <summary>The same of a record as it was received.</summary>
    public static DateTimeOffset? Moment(string record, string field)
    {
        using var document = JsonDocument.Parse(record);
        return Moment(document.RootElement, field);
    }

    private static ulong Hash(JsonElement record) => ByteHash.Of(JsonMarshal.GetRawUtf8Value(record));

    private static bool Take(Dictionary<ulong, int> known, ulong hash)
    {
        if (known.GetValueOrDefault(hash) is not (> 0 and var left))
            return false;

        known[hash] = left - 1;
        return true;
    }
}
