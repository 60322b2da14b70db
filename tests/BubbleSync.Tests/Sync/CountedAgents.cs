using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Sync;

/// <summary>Agents that are counted on both sides.</summary>
internal static class CountedAgents
{
    public static async Task<SyncFixture> SyncedAsync(PostgresFixture postgres, int agents, string fields = "")
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, agents))
            fixture.Put("agent", Record(number, fields, isOld: true));
        await fixture.ResyncAsync("agent");
        return fixture;
    }

    public static async Task<RunReport> IncrementalAsync(SyncFixture fixture, PruneMode mode, decimal limit = 20) =>
        await fixture.Engine().SyncIncrementalAsync(
            new IncrementalOptions { Entities = ["agent"], Prune = mode, PruneLimitPercent = limit }, null, fixture.Limit);

    // Made a minute apart; a few share a millisecond. A record that is new was modified just now.
    public static string Record(int number, string fields = "", bool isOld = false)
    {
        var created = new DateTimeOffset(2026, 2, 1, 0, number % 7 == 0 ? 7 : number % 60, 0, TimeSpan.Zero);
        return SyncFixture.Record(number, isOld ? SyncFixture.Early : Now(), "\"Name\": \"n\"" + fields, Text(created));
    }

    public static string Undated(int number) => $$"""{"_id": "{{SyncFixture.Id(number)}}", "Modified Date": "{{Now()}}", "Name": "undated"}""";

    public static string Now() => Text(TimeProvider.System.GetUtcNow());

    public static string Text(DateTimeOffset moment) => moment.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    // Every record is in a living row or kept as rejected, and no living row lacks its record.
    public static async Task AssertEqualAsync(SyncFixture fixture)
    {
        var verified = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit);
        Assert.All(verified.Entities, e => Assert.Equal((0L, 0L), (e.Missing, e.Differs)));
        var extra = verified.Differences.Where(d => d.Verdict == DifferenceVerdict.Extra).Select(d => $"'{d.BubbleId}'").Append("''");
        Assert.Empty(await fixture.RowsAsync($"select bubble_id from agent where deleted_in_bubble_at is null and bubble_id in ({string.Join(", ", extra)})"));
    }
}
