using System.Globalization;
using System.Text.Json.Nodes;
using BubbleSync.Etl.Reports;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>Records that come, change and go while they are read.</summary>
public sealed class ChangeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Stored = "select bubble_id || '|' || coalesce(status, '~') from invoice";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_changes_before_the_catch_up_the_end_state_is_Bubbles(int seed)
    {
        // Each window is read four times at most, and only a deletion makes a reading void.
        const int MostDeletions = 3;
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 120, Seed = seed }))
            .With(windowSize: 40, pageSize: 10);
        var (random, deleted, turn, isOver) = (new Random(seed), new HashSet<string>(), new Lock(), false);
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            lock (turn)
            {
                isOver |= request.Constraints.Contains("Modified Date", StringComparison.Ordinal);
                if (!isOver && request.Constraints.Length > 0)
                    Stir(fixture, random, deleted, MostDeletions);
            }

            return Task.CompletedTask;
        };

        var report = await fixture.ResyncAsync("invoice");

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        Assert.Equal(MostDeletions, deleted.Count);
        Assert.Equal(InBubble(fixture), (await fixture.RowsAsync(Stored)).Where(row => !deleted.Contains(row.Split('|')[0])).Order(StringComparer.Ordinal));
        Assert.True(report.Entities[0].Inserted > 120);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task What_changes_while_the_catch_up_is_read_is_the_next_runs_at_the_latest(int seed)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 60, Seed = seed })).With(pageSize: 10);
        var (random, deleted, turn, isCatchUp) = (new Random(seed), new HashSet<string>(), new Lock(), false);
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            lock (turn)
            {
                // Enough for several pages, then more between them.
                if (!isCatchUp && request.Constraints.Contains("Modified Date", StringComparison.Ordinal))
                    Enumerable.Range(0, 40).ToList().ForEach(_ => Stir(fixture, random, deleted, 0));
                isCatchUp |= request.Constraints.Contains("Modified Date", StringComparison.Ordinal);
                if (isCatchUp && request.Cursor > 0)
                    Stir(fixture, random, deleted, 0);
            }

            return Task.CompletedTask;
        };

        var first = await fixture.ResyncAsync("invoice");
        fixture.Bubble.Traffic.OnRequest = null;
        var second = await fixture.ResyncAsync("invoice");

        Assert.True(isCatchUp && first.Status is RunStatus.Succeeded or RunStatus.Partial, first.ToJson());
        Assert.Equal(RunStatus.Succeeded, second.Status);
        Assert.Equal(InBubble(fixture), (await fixture.RowsAsync(Stored)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_edit_after_the_catch_up_and_before_the_merge_is_not_lost_to_the_next_run()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"before\""));
        RunReport first;
        await using (var heldLock = await HeldLock.ShutAsync(fixture, "lock table agent in exclusive mode"))
        {
            var run = fixture.ResyncAsync("agent");
            await heldLock.SomebodyWaitsAsync();
            fixture.Put("agent", SyncFixture.Record(1, Now(), "\"Name\": \"after\""));
            await heldLock.DisposeAsync();
            first = await run;
        }

        var second = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 1L, 1L), (first.Status, first.Entities[0].Inserted, second.Entities[0].Updated));
        Assert.Equal("after", await fixture.ScalarAsync<string>("select name from agent"));
    }

    private static void Stir(SyncFixture fixture, Random random, HashSet<string> deleted, int mostDeletions)
    {
        var records = fixture.Bubble.Records;
        if (random.Next(3) == 0)
            records.Put("invoice", SyncFixture.Record(random.Next(1_000_000), Now(), "\"Status\": \"new\"", created: Now()));

        var edited = JsonNode.Parse(records.At("invoice", random.NextInt64(records.Count("invoice"))))!.AsObject();
        (edited["Modified Date"], edited["Status"]) = (Now(), $"edit {random.Next(1000)}");
        records.Put("invoice", edited.ToJsonString());

        if (deleted.Count < mostDeletions)
        {
            var gone = JsonNode.Parse(records.At("invoice", random.NextInt64(records.Count("invoice"))))!["_id"]!.GetValue<string>();
            deleted.Add(gone);
            records.Delete("invoice", gone);
        }
    }

    private static IEnumerable<string> InBubble(SyncFixture fixture) => fixture.Bubble.Records.All("invoice")
        .Select(text => JsonNode.Parse(text)!.AsObject())
        .Select(record => $"{record["_id"]}|{record["Status"]?.GetValue<string>() ?? "~"}").Order(StringComparer.Ordinal);

    private static string Now() => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
