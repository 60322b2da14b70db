using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Survival.DatedAgents;
using static BubbleSync.Tests.Survival.PrunedAgents;

namespace BubbleSync.Tests.Survival;

/// <summary>CONTRACT 5.12: after any history no row is pruned whose record Bubble has.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class PruneHistoryTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_record_that_no_window_showed_though_all_counts_agree_keeps_its_row_and_leaves_no_watermark()
    {
        await using var fixture = await AgentsAsync(postgres, 10);
        fixture.Put("agent", $$"""{"_id": "{{SyncFixture.Id(50)}}", "Modified Date": "{{SyncFixture.Early}}"}""");
        Assert.Equal(1, (await fixture.ResyncAsync("agent")).Entities[0].Inserted);
        var (isRead, isGone) = (false, false);
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            // After the first count a dated record comes in, before the last one another goes: the undated one is in no window, and no count shows it.
            if (request is { Type: "agent", Constraints.Length: > 0 } && !isRead)
            {
                isRead = true;
                fixture.Put("agent", SyncFixture.Record(60, SyncFixture.Early, created: "2026-02-05T00:00:00.000Z"));
            }
            else if (request is { Type: "agent", Constraints: "" } && isRead && !isGone)
            {
                isGone = true;
                fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
            }

            return Task.CompletedTask;
        };

        var report = await PruneAsync(fixture, PruneMode.Hard);

        Assert.True(report.Status == RunStatus.Partial, report.ToJson());
        Assert.Contains(
            report.Errors, e => e.Code == ErrorCode.PruneRefused && e.Message.Contains("Bubble still has 1 of the records", StringComparison.Ordinal));
        Assert.Equal(1, await fixture.ScalarAsync<long>($"select count(*) from agent where bubble_id = '{SyncFixture.Id(50)}'"));
        Assert.Equal("false", await fixture.ScalarAsync<string>($"select proof ->> 'isComplete' from bubblesync.run_entity where run_id = '{report.RunId}'"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Whatever_Bubble_the_application_and_death_do_a_row_whose_record_Bubble_has_is_never_gone(int seed)
    {
        var chance = new Random(seed);
        await using var fixture = (await AgentsAsync(postgres, 40)).With(windowSize: 10, pageSize: 4);
        var next = 1000;
        fixture.Bubble.Traffic.OnRequest = async _ =>
        {
            var number = chance.Next(1, 41);
            switch (chance.Next(8))
            {
                case 0:
                    fixture.Bubble.Records.Delete("agent", SyncFixture.Id(number));
                    break;
                case 1:
                    // A record and, a moment later, the row that the application makes of it; or the other way round.
                    var id = NewId(Interlocked.Increment(ref next));
                    if (chance.Next(2) == 0)
                        Put(fixture, id);
                    await fixture.ExecuteAsync($"insert into agent (bubble_id) values ('{id}') on conflict do nothing");
                    Put(fixture, id);
                    break;
                case 2:
                    await fixture.ExecuteAsync($"update agent set introducer = 'mine' where bubble_id = '{SyncFixture.Id(number)}'");
                    break;
            }
        };

        for (var round = 0; round < 4; round++)
        {
            var options = new ResyncOptions
            {
                Entities = ["agent"],
                Prune = chance.Next(2) == 0 ? PruneMode.Hard : PruneMode.Soft,
                PruneLimitPercent = 100,
                MaxCalls = chance.Next(3) == 0 ? chance.Next(3, 25) : null,
            };
            var report = await fixture.ResyncAsync(options);
            if (report.Status == RunStatus.Failed)
                report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

            var living = await fixture.RowsAsync("select bubble_id from agent where deleted_in_bubble_at is null");
            var gone = fixture.Bubble.Records.All("agent").Select(IdOf).Except(living);
            // What no run has read yet may be missing; what had a row must not be.
            var rows = await fixture.RowsAsync("select bubble_id from agent");
            Assert.DoesNotContain(gone, id => id.StartsWith("1769904000000x", StringComparison.Ordinal) || rows.Contains(id));
        }

        fixture.Bubble.Traffic.OnRequest = null;
        var last = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Hard, PruneLimitPercent = 100 });
        Assert.Equal(RunStatus.Succeeded, last.Status);
        Assert.Equal(
            fixture.Bubble.Records.All("agent").Select(IdOf).Order(StringComparer.Ordinal),
            (await fixture.RowsAsync("select bubble_id from agent")).Order(StringComparer.Ordinal));
    }

    private static string IdOf(string record) => System.Text.Json.Nodes.JsonNode.Parse(record)!["_id"]!.GetValue<string>();

    private static string NewId(int number) => string.Create(
        CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()}x{100_000_000_000_000_000 + number}");
}
