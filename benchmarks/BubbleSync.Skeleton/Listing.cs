using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace BubbleSync.Skeleton;

/// <summary>
/// Which pages there are of a type. Bubble answers nothing beyond 50,000 rows, so a longer type is cut into ranges of Created Date, evenly, and hopes for even
/// data.
/// </summary>
internal static class Listing
{
    private const int PageSize = 100;
    private const int OffsetCeiling = 50_000;
    private const int RangeSize = 25_000;

    /// <summary>The queries of all pages.</summary>
    public static async Task<List<string>> PagesAsync(PageReader api, string type)
    {
        var (count, oldest) = await PeekAsync(api, type, "limit=1&cursor=0");
        if (count <= OffsetCeiling)
            return [.. Cursors(count, "")];

        var (_, newest) = await PeekAsync(api, type, "limit=1&cursor=0&sort_field=Created%20Date&descending=true");
        var ranges = (int)Math.Ceiling((double)count / RangeSize);
        var bounds = Enumerable.Range(0, ranges + 1).Select(i => oldest + ((newest - oldest) / ranges * i)).Select(Milliseconds).ToList();
        (bounds[0], bounds[ranges]) = (Milliseconds(oldest), Milliseconds(newest) + 1);

        var pages = new List<string>();
        for (var range = 0; range < ranges; range++)
        {
            var within = $"&constraints=[{Constraint("greater than", bounds[range] - 1)},{Constraint("less than", bounds[range + 1])}]";
            var (part, _) = await PeekAsync(api, type, $"limit=1&cursor=0{within}");
            if (part > OffsetCeiling)
                throw new InvalidOperationException($"{type}: {part} records in one range of Created Date.");
            pages.AddRange(Cursors(part, within));
        }

        return pages;
    }

    private static IEnumerable<string> Cursors(long count, string within)
    {
        for (var cursor = 0L; cursor < count; cursor += PageSize)
            yield return $"limit={PageSize}&cursor={cursor}{within}";
    }

    private static async Task<(long Count, DateTimeOffset Created)> PeekAsync(PageReader api, string type, string query)
    {
        var page = await api.ReadAsync(type, query, CancellationToken.None);
        using var text = JsonDocument.Parse(page);
        var response = text.RootElement.GetProperty("response");
        var count = response.GetProperty("count").GetInt64() + response.GetProperty("remaining").GetInt64();
        var created = response.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("Created Date").GetDateTimeOffset()).FirstOrDefault();
        ArrayPool<byte>.Shared.Return(page.Array!);
        return (count, created);
    }

    private static long Milliseconds(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds();

    private static string Constraint(string type, long moment)
    {
        var value = DateTimeOffset.FromUnixTimeMilliseconds(moment).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        return Uri.EscapeDataString($$"""{"key":"Created Date","constraint_type":"{{type}}","value":"{{value}}"}""");
    }
}
