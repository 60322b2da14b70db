using System.Globalization;
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
    // Recent: rejected records of runs that ended long ago are removed.
    private readonly SetClock _clock = new(Text(TimeProvider.System.GetUtcNow().AddHours(-12)));
    private readonly List<string> _ids = [];
    private readonly Dictionary<string, string> _deleted = [];
    private readonly HashSet<string> _returned = [];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task After_any_history_the_table_has_what_Bubble_has(int seed)
    {
        var random = new Random(seed);
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).With(pageSize: 5).WithPatches();
        fixture.Clock = _clock;
        while (_ids.Count < 60)
            Put(fixture, random, random.Next(9) == 0 ? ", \"Commission\": \"much\"" : "");
        await AdvanceAsync(fixture);
        await fixture.ResyncAsync();

        for (var step = 0; step < 8; step++)
        {
            for (var change = random.Next(8); change > 0; change--)
                await ChangeAsync(fixture, random);
            await AdvanceAsync(fixture);
            await AssertNamedAsync(fixture, $"{seed}, {step}");
            var mode = random.Next(3) == 0 ? PruneMode.Report : PruneMode.Soft;
            var report = await IncrementalAsync(fixture, mode, limit: 100);
            _returned.Clear();

            Assert.True(report.Errors.All(e => e.Code == ErrorCode.Rejected), $"{seed}, {step}: {string.Join("; ", report.Errors.Select(e => e.Message))}");
            if (mode == PruneMode.Soft)
                await AssertEqualAsync(fixture);
        }
    }

    // The oracle reads all; it calls a marked row whose record Bubble has a row that differs.
    private static async Task AssertNamedAsync(SyncFixture fixture, string where)
    {
        var all = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit);
        var counted = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"], ByCounts = true }, null, fixture.Limit);

        Assert.True(counted.Errors.All(e => e.Code == ErrorCode.Rejected), $"{where}: {string.Join("; ", counted.Errors.Select(e => e.Message))}");
        Assert.Equal([where, .. Sided(all)], [where, .. Sided(counted)]);
    }

    private static IEnumerable<string> Sided(VerifyReport report) => report.Differences
        .Where(d => d.Verdict is DifferenceVerdict.Missing or DifferenceVerdict.Extra or DifferenceVerdict.Rejected || d.Column == "deleted_in_bubble_at")
        .Select(d => $"{d.BubbleId} {d.Verdict}").Distinct().Order();

    // More than the overlap. The database's clock gives undated records its own time; here it has to be that of the program.
    private async Task AdvanceAsync(SyncFixture fixture)
    {
        await fixture.ExecuteAsync($"update agent set created_at = '{Text(_clock.Now)}' where created_at between now() - interval '1 hour' and now()");
        _clock.Now += TimeSpan.FromMinutes(20);
    }

    private async Task ChangeAsync(SyncFixture fixture, Random random)
    {
        var any = _ids[random.Next(_ids.Count)];
        switch (random.Next(9))
        {
            case 0 or 1:
                Put(fixture, random, "");
                return;
            case 2:
                DeleteInBubble(fixture, any);
                return;
            case 3:
                await DeleteHereAsync(fixture, any);
                return;
            case 4:
                DeleteInBubble(fixture, any);
                await DeleteHereAsync(fixture, _ids[random.Next(_ids.Count)]);
                return;
            case 5:
                await fixture.ExecuteAsync($"update agent set deleted_in_bubble_at = now() where bubble_id = '{any}'");
                return;
            case 6:
                await fixture.ExecuteAsync(
                    $"update agent set created_at = {(random.Next(2) == 0 ? "null" : "created_at + interval '100 years'")} where bubble_id = '{any}'");
                return;
            case 7:
                await SyncPartAsync(fixture, random, _ids[^random.Next(1, 5)]);
                return;
            default:
                await ReturnAsync(fixture);
                DeleteInBubble(fixture, any);
                return;
        }
    }

    private void Put(SyncFixture fixture, Random random, string fields)
    {
        var (number, created) = (_ids.Count, _clock.Now.AddSeconds(random.Next(60)));
        var id = string.Create(CultureInfo.InvariantCulture, $"{created.ToUnixTimeMilliseconds()}x{100_000_000_000_000_000 + number}");
        var dated = random.Next(8) == 0 ? "" : $"\"Created Date\": \"{Text(created)}\", ";
        fixture.Put("agent", $$"""{"_id": "{{id}}", {{dated}}"Modified Date": "{{Text(created)}}", "Name": "n"{{fields}}}""");
        _ids.Add(id);
    }

    private void DeleteInBubble(SyncFixture fixture, string id)
    {
        if (fixture.Bubble.Records.Get("agent", id) is { } record)
            _deleted[id] = record;
        fixture.Bubble.Records.Delete("agent", id);
    }

    // Of a record that returned with its old dates, only its row says that it was ever here.
    private Task DeleteHereAsync(SyncFixture fixture, string id) => _returned.Contains(id)
        ? Task.CompletedTask
        : fixture.ExecuteAsync($"delete from agent where bubble_id = '{id}'");

    private async Task ReturnAsync(SyncFixture fixture)
    {
        const string Known =
            "select bubble_id from agent t where deleted_in_bubble_at is not null or bubble_id in (select bubble_id from bubblesync.not_in_bubble) order by 1";
        if ((await fixture.RowsAsync(Known)).FirstOrDefault(_deleted.ContainsKey) is not { } id)
            return;
        fixture.Put("agent", _deleted[id]);
        _returned.Add(id);
    }

    // Runs that compare no counts.
    private async Task SyncPartAsync(SyncFixture fixture, Random random, string id)
    {
        if (random.Next(2) == 0)
        {
            await AdvanceAsync(fixture);
            await IncrementalAsync(fixture, PruneMode.None);
            return;
        }

        fixture.Put("invoice", SyncFixture.Record(500, SyncFixture.Early, $"\"Linked Agent\": \"{id}\""));
        await fixture.SyncAsync(500);
    }
}
