using System.Globalization;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Messages;

namespace BubbleSync.Benchmarks;

/// <summary>What a page costs from bytes to proved records, beside the plain way: dictionaries from the serializer, checked alike.</summary>
[MemoryDiagnoser]
public class RawPageBenchmarks
{
    private static readonly Window All = new(WindowKind.Created, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);

    private byte[] _body = [];

    [Params("invoice", "invoice_item", "seda_registration")]
    public string Entity { get; set; } = "invoice";

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _body = await PageSource.BodyAsync(Entity);
        if (ParseAndProve() != 100 || Plain() != 100)
            throw new InvalidOperationException("The page was not proved as a whole: the numbers would mean nothing.");
    }

    [Benchmark]
    public long ParseAndProve()
    {
        using var page = PageSource.Page(_body).Page;
        using var proof = new WindowVerifier(All);
        proof.Add(page, 0);
        return proof.Judge(mayRepeat: false, repeatsAreKnown: false) is { Outcome: Outcome.Verified, RowsRead: var rows } ? rows : 0;
    }

    [Benchmark]
    public int ParseOnly()
    {
        using var page = PageSource.Page(_body).Page;
        return page.Count;
    }

    [Benchmark(Baseline = true)]
    public long Plain()
    {
        var answer = JsonSerializer.Deserialize<Dictionary<string, Response>>(_body)!["response"];
        var inside = answer.results.Count(
            r => DateTimeOffset.Parse(r["Created Date"].GetString()!, CultureInfo.InvariantCulture) is var created && created >= All.From && created < All.To);
        var different = answer.results.Select(r => r["_id"].GetString()).Distinct().Count();
        return different == inside && inside == answer.count && answer.remaining == 0 ? inside : 0;
    }

#pragma warning disable IDE1006 // As Bubble writes them.
    private sealed record Response(int cursor, List<Dictionary<string, JsonElement>> results, int count, int remaining);
#pragma warning restore IDE1006
}
