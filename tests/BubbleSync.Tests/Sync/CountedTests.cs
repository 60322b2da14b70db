using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.CountedAgents;

namespace BubbleSync.Tests.Sync;

/// <summary>CONTRACT 6: an incremental sync ends with counts on both sides, finds what was deleted in Bubble and loads what is missing here.</summary>
public sealed class CountedTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData(PruneMode.Report, "50|0", 0)]
    [InlineData(PruneMode.Soft, "50|2", 2)]
    [InlineData(PruneMode.Hard, "48|0", 2)]
    [InlineData(PruneMode.None, "50|0", 0)]
    public async Task Rows_whose_record_was_deleted_in_Bubble_are_treated_as_asked(PruneMode mode, string rows, long pruned)
    {
        await using var fixture = await SyncedAsync(postgres, 50);
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(7));
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(31));

        var report = await IncrementalAsync(fixture, mode);

        Assert.Equal((RunStatus.Succeeded, mode == PruneMode.None ? 0 : 2, pruned), (report.Status, report.Entities[0].NotInBubble, report.Entities[0].Pruned));
        Assert.Equal(rows, await fixture.RowAsync("select count(*), count(deleted_in_bubble_at) from agent"));
        Assert.Equal(RunStatus.Succeeded, (await IncrementalAsync(fixture, mode)).Status);
    }

    [Fact]
    public async Task What_is_reported_as_deleted_is_not_searched_for_again()
    {
        await using var fixture = await SyncedAsync(postgres, 50);
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(7));
        await IncrementalAsync(fixture, PruneMode.Report);
        fixture.Bubble.Traffic.Reset();

        var second = await IncrementalAsync(fixture, PruneMode.Report);

        // One call requests the record again, which may have come back with its old dates.
        Assert.Equal((1L, 5), (second.Entities[0].NotInBubble, fixture.Bubble.Traffic.Requests));
        Assert.Equal(1L, (await IncrementalAsync(fixture, PruneMode.Soft)).Entities[0].Pruned);
    }

    [Fact]
    public async Task What_a_resync_reported_as_deleted_is_not_searched_for_again_either()
    {
        await using var fixture = await SyncedAsync(postgres, 50);
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(7));
        await fixture.ResyncAsync("agent");
        fixture.Bubble.Traffic.Reset();

        var report = await IncrementalAsync(fixture, PruneMode.Report);

        Assert.Equal((1L, 5), (report.Entities[0].NotInBubble, fixture.Bubble.Traffic.Requests));
    }

    [Fact]
    public async Task A_record_that_comes_back_is_no_longer_deleted()
    {
        await using var fixture = await SyncedAsync(postgres, 10);
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(7));
        await IncrementalAsync(fixture, PruneMode.Report);
        fixture.Put("agent", Record(7));

        var report = await IncrementalAsync(fixture, PruneMode.Hard);

        Assert.Equal((RunStatus.Succeeded, 0L, 0L), (report.Status, report.Entities[0].NotInBubble, report.Entities[0].Pruned));
        Assert.Equal(10L, await fixture.ScalarAsync<long>("select count(*) from agent"));
    }

    [Theory]
    [InlineData(PruneMode.Report, 1)]
    [InlineData(PruneMode.Soft, 1)]
    [InlineData(PruneMode.Report, 150)]
    public async Task A_record_that_comes_back_with_its_old_dates_does_not_hide_another_that_is_deleted(PruneMode mode, int gone)
    {
        await using var fixture = await SyncedAsync(postgres, 2 * gone + 10);
        var records = Enumerable.Range(1, gone).ToDictionary(SyncFixture.Id, n => fixture.Bubble.Records.Get("agent", SyncFixture.Id(n))!);
        foreach (var id in records.Keys)
            fixture.Bubble.Records.Delete("agent", id);
        await IncrementalAsync(fixture, mode, limit: 100);
        foreach (var record in records.Values)
            fixture.Put("agent", record);
        foreach (var number in Enumerable.Range(gone + 1, gone))
            fixture.Bubble.Records.Delete("agent", SyncFixture.Id(number));

        var counted = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"], ByCounts = true }, null, fixture.Limit);
        var report = await IncrementalAsync(fixture, PruneMode.Hard, limit: 100);

        Assert.Equal(
            Enumerable.Range(gone + 1, gone).Select(SyncFixture.Id),
            counted.Differences.Where(d => d.Verdict == DifferenceVerdict.Extra).Select(d => d.BubbleId).Order());
        Assert.Equal((RunStatus.Succeeded, (long)gone), (report.Status, report.Entities[0].Pruned));
        await AssertEqualAsync(fixture);
    }

    [Fact]
    public async Task Rows_that_are_missing_here_are_loaded_though_as_many_were_deleted_in_Bubble()
    {
        await using var fixture = await SyncedAsync(postgres, 50);
        await fixture.ExecuteAsync($"delete from agent where bubble_id in ('{SyncFixture.Id(3)}', '{SyncFixture.Id(44)}')");
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(7));
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(8));

        var report = await IncrementalAsync(fixture, PruneMode.Hard);

        Assert.Equal((RunStatus.Succeeded, 2L, 2L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Pruned));
        await AssertEqualAsync(fixture);
    }

    [Fact]
    public async Task Rejected_records_count_as_here_until_Bubble_deletes_them()
    {
        await using var fixture = await SyncedAsync(postgres, 20, ", \"Commission\": \"much\"");
        fixture.Bubble.Traffic.Reset();
        var first = await IncrementalAsync(fixture, PruneMode.Report);
        var calls = fixture.Bubble.Traffic.Requests;
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(4));

        var second = await IncrementalAsync(fixture, PruneMode.Report);

        Assert.Equal((RunStatus.Succeeded, 4), (first.Status, calls));
        // The range was read again, and with it the others that do not convert.
        Assert.Equal((RunStatus.Partial, 0L), (second.Status, second.Entities[0].NotInBubble));
        Assert.All(second.Errors, e => Assert.Equal(ErrorCode.Rejected, e.Code));
        Assert.Equal(19L, await fixture.ScalarAsync<long>("select count(distinct bubble_id) from bubblesync.rejected_record where superseded_by is null"));
    }

    [Fact]
    public async Task Records_without_Created_Date_are_counted()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 20))
            fixture.Put("agent", number % 5 == 0 ? Undated(number) : Record(number));
        await fixture.ResyncAsync("agent");
        var first = await IncrementalAsync(fixture, PruneMode.Hard);
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(5));
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(6));
        await fixture.ExecuteAsync($"delete from agent where bubble_id = '{SyncFixture.Id(10)}'");

        var second = await IncrementalAsync(fixture, PruneMode.Hard);

        Assert.Equal((RunStatus.Succeeded, 0L), (first.Status, first.Entities[0].Pruned));
        Assert.Equal((RunStatus.Succeeded, 2L, 1L), (second.Status, second.Entities[0].Pruned, second.Entities[0].Inserted));
        await AssertEqualAsync(fixture);
    }

    [Fact]
    public async Task A_run_that_may_send_no_further_request_says_to_resync()
    {
        await using var fixture = await SyncedAsync(postgres, 50);
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(7));

        var report = await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"], MaxCalls = 4 }, null, fixture.Limit);

        Assert.Equal(RunStatus.Partial, report.Status);
        Assert.Contains("A resync of agent reads everything", Assert.Single(report.Errors).Message, StringComparison.Ordinal);
        Assert.Equal(["agent"], Assert.Single(report.NextActions, a => a.Kind == NextActionKind.ResyncEntities).Entities);
    }

    [Fact]
    public async Task A_range_that_is_too_dense_to_be_read_keeps_no_changes_out()
    {
        await using var fixture = (await SyncedAsync(postgres, 1)).With(windowSize: 10, pageSize: 5, offsetCeiling: 10);
        foreach (var number in Enumerable.Range(101, 30))
            fixture.Put("agent", SyncFixture.Record(number, "2026-02-02T00:00:00.000Z"));
        fixture.Put("agent", Record(1, ", \"Slug\": \"new\""));

        var report = await IncrementalAsync(fixture, PruneMode.Report);

        Assert.Equal((RunStatus.Partial, ErrorCode.Unproved), (report.Status, Assert.Single(report.Errors).Code));
        Assert.Equal("new", await fixture.ScalarAsync<string>("select slug from agent"));
    }

    [Fact]
    public async Task Too_many_deletions_are_refused_as_a_resync_refuses_them()
    {
        await using var fixture = await SyncedAsync(postgres, 10);
        foreach (var number in Enumerable.Range(1, 3))
            fixture.Bubble.Records.Delete("agent", SyncFixture.Id(number));

        var report = await IncrementalAsync(fixture, PruneMode.Hard);

        Assert.Contains("3 of 10 rows would go, more than 20 %", Assert.Single(report.Errors).Message, StringComparison.Ordinal);
        Assert.Equal(10L, await fixture.ScalarAsync<long>("select count(*) from agent"));
    }
}
