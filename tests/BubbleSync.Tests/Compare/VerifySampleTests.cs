using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary><c>verify</c> of a sample: what it reads, and what that costs.</summary>
public sealed class VerifySampleTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("0")]
    [InlineData("0.5")]
    [InlineData("0%")]
    public async Task A_sample_of_nothing_is_refused_and_not_called_equal(string size)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(fixture, "verify", "--sample", size);

        Assert.Equal(2, outcome.Code);
        Assert.StartsWith($"error: --sample {size} compares nothing.", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10%", 60)]
    [InlineData("37", 37)]
    [InlineData("100%", 600)]
    public async Task A_sample_reads_so_many_records_everywhere_and_finds_no_extra(string size, long compared)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).With(windowSize: 100, pageSize: 20);
        foreach (var number in Enumerable.Range(1, 600))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, created: $"2026-02-{1 + (number / 30):00}T00:00:{number % 30:00}.000Z"));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"insert into agent (bubble_id, modified_date) values ('{SyncFixture.Id(9999)}', now())");
        var sample = new Limit(decimal.Parse(size.TrimEnd('%'), null), size.EndsWith('%'));

        var report = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"], Sample = sample }, null, fixture.Limit);

        Assert.Equal((true, compared, 0L), (report.Success, report.Entities[0].Compared, report.Entities[0].Extra));
        Assert.False(report.Entities[0].Proof!.IsComplete);
    }

    [Theory]
    [InlineData(400, 3)]
    [InlineData(4000, 6)]
    public async Task A_sample_costs_its_part_of_the_calls(int records, int most)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(0, records))
        {
            var created = DateTimeOffset.UnixEpoch.AddDays(16_000 + number).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null);
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, created: created));
        }

        await fixture.ResyncAsync("agent");

        var sampled = await fixture.Engine()
            .VerifyAsync(new VerifyOptions { Entities = ["agent"], Sample = new Limit(10, IsPercent: true) }, null, fixture.Limit);
        var whole = await VerifyAsync(fixture, "agent");

        Assert.Equal((records / 10, (long)records), (sampled.Entities[0].Compared, whole.Entities[0].Compared));
        Assert.InRange(sampled.Run.Api.Calls, 1, most);
        // The count, the description and one page are the least; of more pages a sample takes its part.
        Assert.InRange(sampled.Run.Api.Calls, 1, Math.Max(3, whole.Run.Api.Calls / 5));
    }

    [Theory]
    [InlineData(50_000)]
    [InlineData(60)]
    public async Task A_small_sample_is_spread_over_the_whole_history(int offsetCeiling)
    {
        // Ninety pages, of which nine are read.
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).With(pageSize: 2);
        foreach (var number in Enumerable.Range(0, 180))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, created: $"2026-{1 + (number / 20):00}-{1 + (number % 20):00}T00:00:00.000Z"));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("update agent set name = 'edited'");
        fixture.With(windowSize: Math.Min(offsetCeiling, fixture.Settings.Bubble.WindowSize), offsetCeiling: offsetCeiling);
        foreach (var number in Enumerable.Range(0, 180))
            fixture.Put("agent", SyncFixture.Record(
                number, SyncFixture.Early, "\"Name\": \"Ann\"", created: $"2026-{1 + (number / 20):00}-{1 + (number % 20):00}T00:00:00.000Z"));

        var report = await fixture.Engine()
            .VerifyAsync(new VerifyOptions { Entities = ["agent"], Sample = new Limit(10, IsPercent: true) }, null, fixture.Limit);

        var months = report.Differences.Select(d => (int.Parse(d.BubbleId[^6..], null) / 20) + 1).Distinct().Order();
        Assert.Equal(18, report.Entities[0].Compared);
        Assert.Equal(Enumerable.Range(1, 9), months);
    }

    private static Task<VerifyReport> VerifyAsync(SyncFixture fixture, params string[] entities) =>
        fixture.Engine().VerifyAsync(new VerifyOptions { Entities = entities }, null, fixture.Limit);
}
