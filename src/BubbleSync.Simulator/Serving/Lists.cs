using BubbleSync.Simulator.Faults;
using BubbleSync.Simulator.Generation;
using BubbleSync.Simulator.Storage;
using Microsoft.AspNetCore.Http;

namespace BubbleSync.Simulator.Serving;

/// <summary>Hot: answers list requests, with Bubble's silent limits and those that faults add.</summary>
internal sealed class Lists(SimulatorOptions options, FaultSettings faults, SimulatorTraffic traffic)
{
    private const long LargestPage = 100;
    private const long OffsetCeiling = 50_000;

    public Answer Page(TypeStore store, IQueryCollection query, long number, Utf8Output output)
    {
        var search = SearchReader.Read(query, store, !faults.Strikes("constraints-ignored"));
        var limit = Math.Min(SearchReader.Number(query, "limit", LargestPage), Math.Min(LargestPage, faults.Number("limit-cap", store.Url) ?? LargestPage));
        var cursor = Math.Max(0, SearchReader.Number(query, "cursor", 0));
        var ceiling = faults.Number("ceiling", store.Url) ?? OffsetCeiling;
        var from = cursor > 0 && cursor < ceiling && faults.Strikes("duplicates") ? cursor - 1 : cursor;

        var shuffle = faults.Has("unstable-ties") && !search.IsOrderedById ? new TieShuffle(Mix.Of((ulong)options.Seed, number)) : null;
        var page = store.Read(search, from, Math.Clamp(ceiling - from, 0, Math.Max(0, limit)), shuffle);
        if (page.Rows.Count > 0 && faults.Strikes("contradicts"))
            page = page with { Rows = [] };
        traffic.AddRecords(page.Rows.Count);

        output.Raw("{\"response\":{\"cursor\":"u8);
        output.Number(cursor);
        output.Raw(",\"results\":["u8);
        store.Write(page.Rows, output);
        output.Raw("],\"count\":"u8);
        output.Number(limit < 0 ? limit : page.Rows.Count);
        if (Remaining(query, Math.Max(0, page.Total - cursor - page.Rows.Count), number) is { } remaining)
        {
            output.Raw(",\"remaining\":"u8);
            output.Number(remaining);
        }

        output.Raw("}}"u8);
        return new(200, Answer.Json, output.Written);
    }

    private long? Remaining(IQueryCollection query, long remaining, long number)
    {
        if (faults.Has("remaining-absent"))
            return null;

        if (query["exclude_remaining"].ToString().Equals("true", StringComparison.OrdinalIgnoreCase))
            return options.ExcludedRemainingIsZero ? 0 : null;

        if (!faults.Strikes("remaining-wrong"))
            return remaining;

        return remaining > 0 && Mix.Of((ulong)options.Seed, number) % 2 == 0 ? 0 : remaining + 7;
    }
}
