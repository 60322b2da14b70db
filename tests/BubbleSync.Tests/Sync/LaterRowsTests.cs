using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.CountedAgents;

namespace BubbleSync.Tests.Sync;

/// <summary>
/// Rows that are younger than the first load, or whose <c>created_at</c> is empty or moved, are compared like all others: whatever loaded them, a row that is
/// deleted here and a record that is deleted in Bubble do not hide each other.
/// </summary>
public sealed class LaterRowsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly SetClock _clock = new("2026-05-01T00:00:00.000Z");

    [Theory]
    [InlineData(PruneMode.Report)]
    [InlineData(PruneMode.None)]
    public async Task Of_records_that_a_sync_of_chosen_ones_loaded(PruneMode between)
    {
        await using var fixture = await LoadedAsync();
        var later = Later(fixture);
        Advance();
        await fixture.Engine().SyncInvoicesAsync(Invoices(fixture, later), new InvoiceSyncOptions(), null, fixture.Limit);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            await IncrementalAsync(fixture, between);
            Advance();
        }

        await AssertFoundAsync(fixture, later[0], later[1]);
    }

    [Theory]
    [InlineData(PruneMode.Report)]
    [InlineData(PruneMode.None)]
    public async Task Of_records_that_runs_loaded_as_changes(PruneMode between)
    {
        await using var fixture = await LoadedAsync();
        var later = Later(fixture);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            Advance();
            Assert.Equal(RunStatus.Succeeded, (await IncrementalAsync(fixture, between)).Status);
        }

        Advance();
        await AssertFoundAsync(fixture, later[0], later[1]);
    }

    [Fact]
    public async Task Of_a_record_that_is_not_here_yet_and_an_older_one_that_is_deleted()
    {
        await using var fixture = await LoadedAsync();
        Later(fixture);
        Advance();
        foreach (var number in Enumerable.Range(1, 4))
            fixture.Bubble.Records.Delete("agent", SyncFixture.Id(number));

        var report = await CountedAsync(fixture);

        Assert.Equal((4L, 4L), (report.Entities[0].Missing, report.Entities[0].Extra));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_records_without_Created_Date(bool isLoadedFirst)
    {
        await using var fixture = await LoadedAsync();
        string[] undated = [SyncFixture.Id(101), SyncFixture.Id(102)];
        foreach (var id in undated)
            fixture.Put("agent", $$"""{"_id": "{{id}}", "Modified Date": "{{Text(_clock.Now)}}"}""");
        if (isLoadedFirst)
            await fixture.ResyncAsync("agent");
        foreach (var _ in Enumerable.Range(0, 2))
        {
            Advance();
            Assert.Equal(RunStatus.Succeeded, (await IncrementalAsync(fixture, PruneMode.Report)).Status);
        }

        Advance();
        await AssertFoundAsync(fixture, undated[0], undated[1]);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("created_at + interval '100 years'")]
    public async Task Of_rows_whose_time_of_creation_is_not_that_of_the_record(string created)
    {
        await using var fixture = await LoadedAsync();
        await fixture.ExecuteAsync($"update agent set created_at = {created} where bubble_id in ('{SyncFixture.Id(3)}', '{SyncFixture.Id(7)}')");
        Advance();
        Assert.Equal(RunStatus.Succeeded, (await IncrementalAsync(fixture, PruneMode.Report)).Status);

        Advance();
        await AssertFoundAsync(fixture, SyncFixture.Id(3), SyncFixture.Id(7));
    }

    [Fact]
    public async Task Where_none_came_or_went_a_run_costs_no_call_more()
    {
        await using var fixture = await LoadedAsync();
        await fixture.ExecuteAsync($"update agent set created_at = null where bubble_id = '{SyncFixture.Id(3)}'");
        Later(fixture);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            Advance();
            await IncrementalAsync(fixture, PruneMode.Report);
        }

        Advance();
        fixture.Bubble.Traffic.Reset();
        var report = await IncrementalAsync(fixture, PruneMode.Report);
        var calls = fixture.Bubble.Traffic.Requests;
        fixture.Bubble.Traffic.Reset();
        await CountedAsync(fixture);

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.InRange(calls, 1, 4);
        Assert.InRange(fixture.Bubble.Traffic.Requests, 1, 4);
    }

    private async Task<SyncFixture> LoadedAsync()
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Clock = _clock;
        foreach (var number in Enumerable.Range(1, 20))
            fixture.Put("agent", Record(number, isOld: true));
        await fixture.ResyncAsync();
        return fixture;
    }

    // Longer than the overlap, so that what was read before is not read again.
    private void Advance() => _clock.Now += TimeSpan.FromMinutes(20);

    // Ids begin with the time of creation.
    private List<string> Later(SyncFixture fixture)
    {
        var created = _clock.Now.AddMinutes(5);
        List<string> ids = [.. Enumerable.Range(0, 4).Select(n => string.Create(
            CultureInfo.InvariantCulture, $"{created.ToUnixTimeMilliseconds() + n}x{200_000_000_000_000_000 + n}"))];
        foreach (var id in ids)
            fixture.Put("agent", $$"""{"_id": "{{id}}", "Created Date": "{{Text(created)}}", "Modified Date": "{{Text(created)}}"}""");
        return ids;
    }

    // A sync of chosen invoices loads the agents that they name.
    private static IReadOnlyList<string> Invoices(SyncFixture fixture, List<string> agents)
    {
        List<int> numbers = [.. Enumerable.Range(500, agents.Count)];
        foreach (var (number, agent) in numbers.Zip(agents))
            fixture.Put("invoice", SyncFixture.Record(number, SyncFixture.Early, $"\"Linked Agent\": \"{agent}\""));
        return [.. numbers.Select(SyncFixture.Id)];
    }

    private static Task<VerifyReport> CountedAsync(SyncFixture fixture) =>
        fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"], ByCounts = true }, null, fixture.Limit);

    private static async Task AssertFoundAsync(SyncFixture fixture, string deletedHere, string deletedInBubble)
    {
        await fixture.ExecuteAsync($"delete from agent where bubble_id = '{deletedHere}'");
        fixture.Bubble.Records.Delete("agent", deletedInBubble);

        var counted = await CountedAsync(fixture);
        var report = await IncrementalAsync(fixture, PruneMode.Soft);

        Assert.Equal((1L, 1L), (counted.Entities[0].Missing, counted.Entities[0].Extra));
        Assert.Equal((RunStatus.Succeeded, 1L), (report.Status, report.Entities[0].Pruned));
        await AssertEqualAsync(fixture);
    }
}
