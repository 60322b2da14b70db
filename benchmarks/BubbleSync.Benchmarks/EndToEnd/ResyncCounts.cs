using System.Text.Json;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>What a resync says of all entities together.</summary>
internal sealed record ResyncCounts(string Status, long Extracted, long Inserted, long Updated, long Unchanged)
{
    public static ResyncCounts Of(JsonElement report)
    {
        var entities = report.GetProperty("entities").EnumerateArray().ToList();
        long Sum(string count) => entities.Sum(e => e.GetProperty(count).GetInt64());
        return new(report.GetProperty("status").GetString()!, Sum("extracted"), Sum("inserted"), Sum("updated"), Sum("unchanged"));
    }

    /// <summary>What has to come of a situation.</summary>
    public static ResyncCounts Expected(Situation situation, long records, long changed) => situation switch
    {
        Situation.First => new("succeeded", records, records, 0, 0),
        Situation.Unchanged => new("succeeded", records, 0, 0, records),
        _ => new("succeeded", records, 0, changed, records - changed),
    };
}
