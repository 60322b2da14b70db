using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;
using static BubbleSync.Tests.Sync.ResyncedAgents;

namespace BubbleSync.Tests.Sync;

/// <summary><c>sync incremental</c>: what it reads, where it starts the next time, and what cannot get lost on the way.</summary>
public sealed class IncrementalTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_first_run_says_to_resync()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(fixture, "sync", "incremental");

        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains("Run a resync first. Next: bubblesync resync", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
        Assert.Empty(await fixture.RowsAsync("select kind from bubblesync.run"));
    }

    [Fact]
    public async Task An_entity_that_was_never_read_is_named()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ResyncAsync("agent", "user");

        var failure = await Assert.ThrowsAsync<SyncException>(() => fixture.IncrementalAsync());

        Assert.True(failure.IsUsage);
        Assert.Contains("customer", failure.Errors[0].Next!.Entities);
        Assert.Equal(RunStatus.Succeeded, (await fixture.IncrementalAsync("user", "agent")).Status);
    }

    [Fact]
    public async Task What_was_modified_since_is_merged_and_only_that_is_read()
    {
        await using var fixture = await ResyncedAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, "2026-06-01T12:30:00.000Z", "\"Name\": \"new\""));
        fixture.Put("agent", SyncFixture.Record(3, "2026-06-01T12:30:00.000Z", "\"Name\": \"third\"", "2026-06-01T12:30:00.000Z"));
        fixture.Bubble.Traffic.Reset();

        var report = await fixture.IncrementalAsync();

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal(["new", "b", "third"], await fixture.RowsAsync(Names));
        Assert.Equal((2, 1, 1), (report.Entities[0].Extracted, report.Entities[0].Inserted, report.Entities[0].Updated));
        // Two changes, two newest records that were here, and one record of each of two probes.
        Assert.Equal(6, fixture.Bubble.Traffic.Records);
        Assert.Equal(5, report.Patches.Count);
    }

    [Fact]
    public async Task Nothing_modified_means_two_calls_for_each_entity_one_for_Bubbles_clock_one_for_the_description_and_no_row_written()
    {
        await using var fixture = await ResyncedAsync(postgres);
        var before = await fixture.SnapshotAsync();
        fixture.Bubble.Traffic.Reset();

        var report = await fixture.IncrementalAsync();

        Assert.Equal((RunStatus.Succeeded, 8), (report.Status, report.Entities.Count));
        Assert.Equal(18, fixture.Bubble.Traffic.Requests);
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task It_begins_an_overlap_before_the_last_run_and_not_earlier()
    {
        await using var fixture = await ResyncedAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, "2026-06-01T11:54:59.999Z", "\"Name\": \"too early\""));
        fixture.Put("agent", SyncFixture.Record(2, "2026-06-01T11:55:00.000Z", "\"Name\": \"just in\""));

        await fixture.IncrementalAsync();

        Assert.Equal(["a", "just in"], await fixture.RowsAsync(Names));
    }

    [Fact]
    public async Task An_edit_made_while_the_last_run_was_at_it_is_not_lost()
    {
        await using var fixture = await ResyncedAsync(postgres);
        var clock = (SetClock)fixture.Clock;
        clock.Now = Moment("2026-06-01T13:00:00Z");
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            // Agents are read already when payments are.
            if (request.Type == "seda_registration")
                clock.Now = Moment("2026-06-01T13:20:00Z");
            return Task.CompletedTask;
        };
        await fixture.IncrementalAsync();
        fixture.Bubble.Traffic.OnRequest = null;
        fixture.Put("agent", SyncFixture.Record(1, "2026-06-01T13:00:00.000Z", "\"Name\": \"meanwhile\""));
        clock.Now = Moment("2026-06-01T14:00:00Z");

        await fixture.IncrementalAsync();

        Assert.Equal("meanwhile", (await fixture.RowsAsync(Names))[0]);
    }

    [Fact]
    public async Task Only_the_entities_asked_for_are_read()
    {
        await using var fixture = await ResyncedAsync(postgres);
        fixture.Bubble.Traffic.Reset();

        var outcome = await Bubblesync.RunAsync(fixture, "sync", "incremental", "--entity", "agent", "--entity", "user", "--output", "json");

        Assert.Equal(0, outcome.Code);
        Assert.Equal(["agent", "user"], outcome.Json.GetProperty("entities")
            .EnumerateArray().Select(e => e.GetProperty("name").GetString()!).Order(StringComparer.Ordinal));
        Assert.Equal(("incremental", "succeeded"), (outcome.Json.GetProperty("kind").GetString(), outcome.Json.GetProperty("status").GetString()));
        Assert.Equal(0, fixture.Bubble.Traffic.Count("invoice"));
        Assert.Equal(["incremental|succeeded", "resync|succeeded"], await fixture.RowsAsync("select kind, status from bubblesync.run order by 1"));
    }

    [Fact]
    public async Task A_row_edited_here_since_is_kept()
    {
        await using var fixture = await ResyncedAsync(postgres);
        await fixture.ExecuteAsync($"update agent set name = 'mine', updated_at = clock_timestamp() where bubble_id = '{SyncFixture.Id(1)}'");
        fixture.Put("agent", SyncFixture.Record(1, "2026-06-01T12:30:00.000Z", "\"Name\": \"theirs\""));

        var report = await fixture.IncrementalAsync();

        Assert.Equal(["mine", "b"], await fixture.RowsAsync(Names));
        Assert.Equal((RunStatus.Succeeded, 1), (report.Status, report.Entities[0].Conflicts));
    }

    [Fact]
    public async Task What_does_not_convert_is_rejected_and_the_rest_merges()
    {
        await using var fixture = await ResyncedAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(10, "2026-06-01T12:30:00.000Z", "\"Amount\": \"much\""));
        fixture.Put("invoice", SyncFixture.Record(11, "2026-06-01T12:30:00.000Z"));

        var outcome = await Bubblesync.RunAsync(fixture, "sync", "incremental", "--output", "json");

        Assert.Equal((1, "partial"), (outcome.Code, outcome.Json.GetProperty("status").GetString()));
        Assert.Equal(SyncFixture.Id(11), await fixture.RowAsync("select bubble_id from invoice"));
        Assert.Equal(SyncFixture.Id(10), await fixture.RowAsync("select distinct bubble_id from bubblesync.rejected_record"));
    }

    [Fact]
    public async Task A_thousand_edits_since_all_come()
    {
        await using var fixture = await ResyncedAsync(postgres);
        foreach (var n in Enumerable.Range(100, 1000))
            fixture.Put("invoice_item", SyncFixture.Record(n, "2026-06-01T12:30:00.000Z"));

        var report = await fixture.IncrementalAsync("invoice_item");

        Assert.Equal((RunStatus.Succeeded, 1000), (report.Status, report.Entities[0].Inserted));
    }

    [Fact]
    public async Task A_record_without_an_id_is_rejected_and_not_missing_as_well()
    {
        await using var fixture = await ResyncedAsync(postgres);
        fixture.Put("agent", "{\"Modified Date\": \"2026-06-01T12:30:00.000Z\"}");

        var report = await fixture.IncrementalAsync();

        Assert.Equal((RunStatus.Partial, 1, true), (report.Status, report.Entities[0].Rejected, report.Entities[0].Proof!.IsComplete));
        Assert.Equal(ErrorCode.Rejected, Assert.Single(report.Errors).Code);
    }
}
