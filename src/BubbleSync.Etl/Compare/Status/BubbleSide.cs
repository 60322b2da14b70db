using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Compare.Status;

/// <summary>What one request shows of an entity in Bubble.</summary>
/// <param name="Records">The number of records; null where Bubble does not say.</param>
/// <param name="UnreadFields">Fields of the record that was modified last that no line of the map reads.</param>
/// <param name="Failure">Why Bubble did not answer; null where it did.</param>
internal sealed record BubbleSide(long? Records, IReadOnlyList<string> UnreadFields, SyncException? Failure)
{
    /// <summary>Counts the records by a request for one of them.</summary>
    public static async Task<BubbleSide> ReadAsync(BubbleClient client, EntityMap map, CancellationToken cancellationToken)
    {
        try
        {
            var newest = new BubbleQuery(map.BubbleType, [], 0, 1) { SortField = BubbleField.Modified, IsDescending = true };
            using var page = await client.SearchAsync(newest, map.Name, map.Level, cancellationToken);
            var fields = page.Count > 0 ? page.Records[0].EnumerateObject().Select(f => f.Name).ToList() : [];
            return new BubbleSide(page.Count + page.Remaining, Unread(map, fields), null);
        }
        catch (SyncException refused) when (refused.Errors[0].Code != ErrorCode.Cancelled)
        {
            return new BubbleSide(null, [], refused);
        }
    }

    // A run may also read a field by its normalised name. Which one it is, only the app's description tells, for which one request more would be needed.
    private static IReadOnlyList<string> Unread(EntityMap map, IReadOnlyList<string> fields)
    {
        if (map.Unmapped is not null)
            return [];

        var known = map.Fields.SelectMany(f => f.Names).Concat(map.Ignored).Concat(BubbleField.All).ToHashSet();
        var normalised = map.Fields.Select(f => FieldName.Normalise(f.From[0])).ToHashSet();
        return [.. fields.Where(f => !known.Contains(f) && !normalised.Contains(FieldName.Normalise(f))).Order(StringComparer.Ordinal)];
    }
}
