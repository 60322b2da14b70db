using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Sync;

/// <summary>
/// A row that is deleted here and a record that is deleted in Bubble leave the counts of both sides equal. Whatever ran in between, the next incremental sync
/// loads the one and reports the other.
/// </summary>
public sealed class CountedRowsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly string Deleted = SyncFixture.Id(3);

    [Fact]
    public async Task After_a_sync_that_compared_no_counts()
    {
        await using var fixture = await SyncedAsync();
        await DeleteHereAsync(fixture);
        await IncrementalAsync(fixture, PruneMode.None);

        await AssertResolvesAsync(fixture);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_run_during_which_the_row_of_a_merged_entity_was_deleted(bool isResync)
    {
        await using var fixture = await SyncedAsync();
        var deletion = new Lazy<Task>(() => DeleteHereAsync(fixture));
        WhenMerged(fixture, () => deletion.Value);

        var report = isResync
            ? await fixture.ResyncAsync("agent", "customer", "invoice")
            : await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions(), null, fixture.Limit);

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.True(deletion.IsValueCreated);
        await AssertResolvesAsync(fixture);
    }

    [Fact]
    public async Task After_a_resume_that_did_not_read_the_entity_again()
    {
        await using var fixture = await SyncedAsync();
        using var stop = new CancellationTokenSource();
        WhenMerged(fixture, stop.CancelAsync);
        var cut = await fixture.Engine().ResyncAsync(new ResyncOptions { Entities = ["agent", "customer", "invoice"] }, null, stop.Token);
        fixture.Bubble.Traffic.OnRequest = null;
        await DeleteHereAsync(fixture);

        var resumed = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Cancelled, RunStatus.Succeeded), (cut.Status, resumed.Status));
        await AssertResolvesAsync(fixture);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_row_was_inserted_by_a_run_that_reads_a_part(bool isReprocess)
    {
        await using var fixture = await SyncedAsync(beside: ("agent", Agent(9, "\"Commission\": \"much\"")));
        var added = Agent(9);
        if (isReprocess)
        {
            await fixture.ExecuteAsync("update bubblesync.rejected_record set raw = replace(raw, 'much', '7')");
            await fixture.Engine().ReprocessAsync("last", force: false, fixture.Limit);
        }
        else
        {
            fixture.Put("agent", added);
            fixture.Put("invoice", SyncFixture.Record(500, SyncFixture.Early, $"\"Linked Agent\": \"{SyncFixture.Id(9)}\""));
            await fixture.SyncAsync(500);
        }

        Assert.Equal(1L, await fixture.ScalarAsync<long>($"select count(*) from agent where bubble_id = '{SyncFixture.Id(9)}'"));
        fixture.Put("agent", added);
        await DeleteHereAsync(fixture);
        await AssertResolvesAsync(fixture);
    }

    [Fact]
    public async Task Where_nothing_came_or_went_no_range_is_read_again_after_any_of_these()
    {
        await using var fixture = await SyncedAsync();
        await IncrementalAsync(fixture, PruneMode.None);
        await fixture.ResyncAsync("agent");
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(5));
        await IncrementalAsync(fixture, PruneMode.Soft);
        fixture.Bubble.Traffic.Reset();

        var report = await IncrementalAsync(fixture, PruneMode.Soft);

        Assert.Equal((RunStatus.Succeeded, 0L), (report.Status, report.Entities[0].NotInBubble));
        // One of the calls requests the marked record again.
        Assert.InRange(fixture.Bubble.Traffic.Requests, 1, 5);
    }

    private static Task DeleteHereAsync(SyncFixture fixture) => fixture.ExecuteAsync($"delete from agent where bubble_id = '{Deleted}'");

    private static async Task AssertResolvesAsync(SyncFixture fixture)
    {
        fixture.Bubble.Traffic.OnRequest = null;
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(7));

        var report = await IncrementalAsync(fixture, PruneMode.Soft);

        Assert.Equal((RunStatus.Succeeded, 1L), (report.Status, report.Entities[0].NotInBubble));
        Assert.Equal(1L, await fixture.ScalarAsync<long>($"select count(*) from agent where bubble_id = '{Deleted}'"));
        Assert.Equal(1L, await fixture.ScalarAsync<long>("select count(*) from agent where deleted_in_bubble_at is not null"));
    }

    // Agents are merged before the reading of invoices ends.
    private static void WhenMerged(SyncFixture fixture, Func<Task> then) => fixture.Bubble.Traffic.OnRequest = async request =>
    {
        // Probes of whole types come before anything is read.
        if (request.Type != "invoice" || request.Constraints.Length <= "[]".Length)
            return;

        const string Merged =
            """
            select exists (select from bubblesync.run_entity e join bubblesync.run r using (run_id)
                           where e.entity = 'agent' and r.status = 'running' and e.proof is not null)
            """;
        for (var attempt = 0; attempt < 200 && !await fixture.ScalarAsync<bool>(Merged); attempt++)
            await Task.Delay(25, fixture.Limit);
        await then();
    };

    private async Task<SyncFixture> SyncedAsync((string Type, string Record)? beside = null)
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 8))
            fixture.Put("agent", Agent(number));
        fixture.Put("customer", SyncFixture.Record(200, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(300, SyncFixture.Early));
        if (beside is var (type, record))
            fixture.Put(type, record);
        await fixture.ResyncAsync();
        return fixture;
    }

    private static string Agent(int number, string fields = "") => SyncFixture.Record(number, SyncFixture.Early, fields);

    private static Task<RunReport> IncrementalAsync(SyncFixture fixture, PruneMode mode) => fixture.Engine().SyncIncrementalAsync(
        new IncrementalOptions { Entities = ["agent"], Prune = mode, PruneLimitPercent = 100 }, null, fixture.Limit);
}
