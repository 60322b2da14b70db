using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary>What a sync of invoices leaves behind: the same journal as a resync, and no staging.</summary>
public sealed class InvoiceJournalTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task The_run_and_its_entities_are_recorded_and_staging_is_gone()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();

        var report = await fixture.SyncAsync(10);

        Assert.Equal($"{report.Run.RunId}|sync invoice|succeeded|true|public", await fixture.RowAsync("select run_id, kind, status, finished_at >= "
            + "started_at, target_schema from bubblesync.run"));
        Assert.Equal(
            [
                "agent|0|1|1", "customer|0|1|1", "invoice|2|1|1", "invoice_item|3|2|2", "payment|3|2|2", "seda_registration|4|1|1", "submitted_payment|3|1|1",
                "user|1|2|2",
            ],
            await fixture.RowsAsync("select entity, level, extracted, inserted from bubblesync.run_entity order by entity"));
        Assert.Equal("chosen|proved", await fixture.RowAsync("select distinct kind, status from bubblesync.\"window\""));
        Assert.Empty(await fixture.StagingAsync());
    }

    [Fact]
    public async Task The_counts_of_each_entity_add_up()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new() { Invoices = 60, Faults = ["bad-records=5"] });

        var report = await fixture.SyncAsync(new(), fixture.Ids("invoice", 65));

        Assert.Contains(report.Run.Entities, e => e.Rejected > 0);
        Assert.All(report.Run.Entities, e => Assert.Equal(e.Extracted, e.Inserted + e.Updated + e.Unchanged + e.Conflicts + e.Rejected));
    }

    [Fact]
    public async Task Missing_links_are_recorded_once_for_each_entity_column_and_target()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();

        var report = await fixture.SyncAsync(10);

        Assert.Equal(
            [
                "customer|created_by|user|8", "customer|linked_agent|agent|9", "payment|linked_agent|agent|9", "seda_registration|agent|agent|9",
                "submitted_payment|created_by|user|8", "user|linked_agent_profile|agent|9",
            ],
            (await fixture.RowsAsync("select entity, column_name, target_entity, target_id from bubblesync.missing_link order by 1, 2"))
                .Select(row => $"{row[..row.LastIndexOf('|')]}|{Number(row[row.LastIndexOf('|')..])}"));
        Assert.Equal(6, report.Run.Entities.Sum(e => e.MissingLinks));
    }

    [Fact]
    public async Task A_failure_is_recorded_and_the_next_run_finds_no_staging_of_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxAttempts = 1, PatienceSeconds = 0 } };
        await using (await RecordingProxy.StartAsync(fixture, (type, _) => type == "user" ? RecordingProxy.Refuse(500) : null))
            await fixture.SyncAsync(10);
        var left = await fixture.RowAsync("select status, result ->> 'kind' from bubblesync.run");
        await fixture.MoveAsync(new Uri(fixture.Bubble.BaseUrl + "/"));

        var report = await fixture.SyncAsync(10);

        Assert.Equal("failed|sync invoice", left);
        Assert.Contains(
            "user", await fixture.ScalarAsync<string>("select message from bubblesync.activity_log where level = 'error'"), StringComparison.Ordinal);
        Assert.True(report.Success, report.ToJson());
        Assert.Empty(await fixture.StagingAsync());
    }

    [Fact]
    public async Task What_it_did_is_no_reason_for_a_resync_to_resume_or_for_incremental_to_start_from()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.SyncAsync(10);

        var resume = await Assert.ThrowsAsync<Etl.SyncException>(() => fixture.ResyncAsync(new Etl.Settings.ResyncOptions { Resume = true }));
        var incremental = await Assert.ThrowsAsync<Etl.SyncException>(() => fixture.IncrementalAsync());

        Assert.Equal((ErrorCode.NothingToResume, ErrorCode.NoWatermark), (resume.Errors[0].Code, incremental.Errors[0].Code));
    }

    [Fact]
    public async Task Links_that_foreign_keys_forbid_are_held_back_and_put_back()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            """
            alter table agent add foreign key (linked_user_login) references "user" (bubble_id);
            alter table "user" add foreign key (linked_agent_profile) references agent (bubble_id);
            alter table invoice add foreign key (linked_seda_registration) references seda_registration (bubble_id);
            alter table customer add foreign key (linked_agent) references agent (bubble_id);
            """);
        fixture.PutFamily();

        var report = await fixture.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal($"{SyncFixture.Id(2)}|{SyncFixture.Id(40)}", await fixture.RowAsync("select (select linked_user_login from agent), (select "
            + "linked_seda_registration from invoice)"));
        Assert.Equal("~", await fixture.RowAsync("select linked_agent from customer"));
    }
}
