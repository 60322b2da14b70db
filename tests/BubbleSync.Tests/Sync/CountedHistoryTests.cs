using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.CountedAgents;

namespace BubbleSync.Tests.Sync;

/// <summary>
/// CONTRACT 6: after any history of both sides a comparison by counts names each record that only one side has, and an incremental sync makes them equal.
/// </summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class CountedHistoryTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task After_any_history_the_table_has_what_Bubble_has(int seed)
    {
        var random = new Random(seed);
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).With(pageSize: 5).WithPatches();
        var next = 1;
        for (; next <= 60; next++)
            fixture.Put("agent", random.Next(8) == 0 ? Undated(next) : Record(next, random.Next(9) == 0 ? ", \"Commission\": \"much\"" : ""));
        await fixture.ResyncAsync("agent");

        for (var step = 0; step < 8; step++)
        {
            for (var change = random.Next(6); change > 0; change--)
                next = await ChangeAsync(fixture, random, next);
            await AgeAsync(fixture);
            await AssertNamedAsync(fixture, $"{seed}, {step}");
            var report = await IncrementalAsync(fixture, PruneMode.Hard, limit: 100);

            Assert.True(report.Errors.All(e => e.Code == ErrorCode.Rejected), $"{seed}, {step}: {string.Join("; ", report.Errors.Select(e => e.Message))}");
            await AssertEqualAsync(fixture);
        }
    }

    // The oracle reads all; it calls a marked row whose record Bubble has a row that differs.
    private static async Task AssertNamedAsync(SyncFixture fixture, string where)
    {
        var all = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit);
        var counted = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"], ByCounts = true }, null, fixture.Limit);

        Assert.True(counted.Errors.All(e => e.Code == ErrorCode.Rejected), $"{where}: {string.Join("; ", counted.Errors.Select(e => e.Message))}");
        Assert.Equal(Sided(all), Sided(counted));
    }

    private static IEnumerable<string> Sided(VerifyReport report) => report.Differences
        .Where(d => d.Verdict is DifferenceVerdict.Missing or DifferenceVerdict.Extra or DifferenceVerdict.Rejected || d.Column == "deleted_in_bubble_at")
        .Select(d => $"{d.BubbleId} {d.Verdict}").Distinct().Order();

    private static async Task<int> ChangeAsync(SyncFixture fixture, Random random, int next)
    {
        var any = random.Next(1, next);
        switch (random.Next(5))
        {
            case 0:
                fixture.Put("agent", random.Next(4) == 0 ? Undated(next) : Record(next));
                return next + 1;
            case 1:
                fixture.Bubble.Records.Delete("agent", SyncFixture.Id(any));
                return next;
            case 2:
                await fixture.ExecuteAsync($"delete from agent where bubble_id = '{SyncFixture.Id(any)}'");
                return next;
            case 3:
                fixture.Bubble.Records.Delete("agent", SyncFixture.Id(any));
                await fixture.ExecuteAsync($"delete from agent where bubble_id = '{SyncFixture.Id(random.Next(1, next))}'");
                return next;
            default:
                await fixture.ExecuteAsync($"update agent set deleted_in_bubble_at = now() where bubble_id = '{SyncFixture.Id(any)}'");
                return next;
        }
    }
}
