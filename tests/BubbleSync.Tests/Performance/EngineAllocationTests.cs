using BubbleSync.Benchmarks.EndToEnd;
using BubbleSync.Tests.Diagnostics;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Performance;

/// <summary>What a record costs in memory on its whole way: the slope between two sizes, so that the fixed cost of a run falls out.</summary>
[Collection(nameof(Alone))]
public sealed class EngineAllocationTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    // 250 to 345 were seen; one array for each page that comes from no pool makes 600 more.
    private const double MostBytesPerRecord = 400;
    // 0 was seen: buffers come from pools. One COPY in buffers of its own makes 1,000 and more.
    private const double MostLargeBytesPerRecord = 100;
    private const int Few = 2_000;
    private const int Many = 10_000;
    private const int Runs = 6;
    private const int ListenedRuns = 2;

    [Fact]
    public async Task A_record_costs_few_bytes_from_answer_to_table_and_none_of_large_objects()
    {
        var few = await LeastAsync(Few);
        var many = await LeastAsync(Many);

        var records = (double)(many.Records - few.Records);
        Assert.InRange((many.Bytes - few.Bytes) / records, 0, MostBytesPerRecord);
        Assert.InRange((many.LargeBytes - few.LargeBytes) / records, double.MinValue, MostLargeBytesPerRecord);
    }

    // The simulator allocates too, so it is another process. The first run warms up; of the others the least counts,
    // since a collection may empty the pools in the middle of one.
    private async Task<(long Bytes, long LargeBytes, long Records)> LeastAsync(int records)
    {
        await using var bubble = await SimulatedApp.StartAsync(TestedProgram.Beside, records);
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { BaseUrl = new Uri(bubble.BaseUrl + "/"), ApiToken = bubble.Token } };
        var extracted = (await fixture.ResyncAsync()).Entities.Sum(e => e.Extracted);

        var (least, leastLarge) = (long.MaxValue, long.MaxValue);
        for (var run = 0; run < Runs; run++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await fixture.ResyncAsync();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        // Listening allocates, too.
        for (var run = 0; run < ListenedRuns; run++)
        {
            using var large = new LargeObjectListener();
            await fixture.ResyncAsync();
            leastLarge = Math.Min(leastLarge, await large.BytesAsync(fixture.Limit));
        }

        return (least, leastLarge, extracted);
    }
}
