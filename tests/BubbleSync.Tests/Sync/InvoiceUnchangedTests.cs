using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary>What a sync of invoices leaves alone, and what it does not overlook.</summary>
public sealed class InvoiceUnchangedTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task An_invoice_that_is_up_to_date_with_everything_around_it_is_skipped_and_no_row_is_written()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.SyncAsync(10);
        var before = await fixture.SnapshotAsync();

        var report = await fixture.SyncAsync(10);

        Assert.True(report.Success);
        Assert.Equal([new SyncStep(InvoiceAction.Skip, true)], report.Results[0].Steps);
        Assert.Equal("1 1 2 2 1 2 1 1", report.Results[0].Stats.Words());
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task After_a_resync_too_there_is_nothing_to_write()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new() { Invoices = 60 });
        await fixture.ResyncAsync();
        var before = await fixture.SnapshotAsync();

        var report = await fixture.SyncAsync(new InvoiceSyncOptions(), fixture.Ids("invoice", 60));

        Assert.True(report.Success, report.ToJson());
        Assert.All(report.Results, r => Assert.Equal("skip", r.Words()));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Theory]
    [InlineData("payment", 20, "\"Amount\": 7, ", "Linked Invoice", "amount", "payment")]
    [InlineData("invoice_item", 30, "\"AMOUNT\": 7, ", "Linked Invoice", "amount", "invoice_item")]
    [InlineData("agent", 1, "\"Name\": \"7\", ", "Linked User Login", "name", "agent")]
    public async Task A_child_that_changed_is_written_though_the_invoice_did_not(
        string type, int number, string change, string link, string column, string entity)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.SyncAsync(10);
        var before = await fixture.SnapshotAsync();
        fixture.Put(type, SyncFixture.Record(number, SyncFixture.Late, change + Link(link, type == "agent" ? 2 : 10)));

        var report = await fixture.SyncAsync(10);

        Assert.Equal("7", await fixture.RowAsync($"select {column}::text from {entity} where bubble_id = '{SyncFixture.Id(number)}'"));
        Assert.Equal("agent customer user invoice payments submitted_payments invoice_items seda", report.Results[0].Words());
        Assert.Equal($"{entity} 1", Assert.Single(report.Run.Entities.Where(e => e.Updated + e.Inserted > 0).Select(e => $"{e.Name} {e.Updated}")));
        Assert.Single((await fixture.SnapshotAsync()).Except(before));
    }

    [Fact]
    public async Task A_child_that_is_new_is_written_though_the_invoice_did_not_change()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.SyncAsync(10);
        fixture.Put("invoice_item", SyncFixture.Record(35, SyncFixture.Late, Link("Linked Invoice", 10)));

        var report = await fixture.SyncAsync(10);

        Assert.Equal([.. Family, "invoice_item 35"], (await fixture.StoredAsync()).OrderBy(s => s == "invoice_item 35").ToList());
        Assert.Equal("1 1 2 2 1 3 1 1", report.Results[0].Stats.Words());
    }

    [Fact]
    public async Task Only_the_invoice_whose_child_changed_is_told_as_synced()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.SyncAsync(10, 11);
        fixture.Put("payment", SyncFixture.Record(29, SyncFixture.Late, $"\"Amount\": 7, {Link("Linked Invoice", 11)}"));

        var report = await fixture.SyncAsync(10, 11);

        Assert.Equal(["skip", "invoice payments"], report.Results.Select(r => r.Words()));
    }

    [Fact]
    public async Task A_row_edited_here_since_is_kept_and_counts_as_a_conflict()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.SyncAsync(10);
        await fixture.ExecuteAsync("update invoice set amount = 99, updated_at = now()");
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Late, "\"Amount\": 6"));

        var report = await fixture.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(("skip", "warning invoice 10 conflict"), (report.Results[0].Words(), Assert.Single(report.Results[0].Troubles())));
        Assert.Matches($@"{SyncFixture.Id(10)}\s+kept\s", (await Bubblesync.RunAsync(fixture, "sync", "invoice", SyncFixture.Id(10))).Output);
        Assert.Equal("99", await fixture.RowAsync("select amount::text from invoice"));
        Assert.Equal(1, report.Run.Entities.Single(e => e.Name == "invoice").Conflicts);
        Assert.Contains(report.Run.Warnings, w => w.Contains("edited both in Bubble and here", StringComparison.Ordinal));
        Assert.Equal($"warning|load|invoice|{SyncFixture.Id(10)}", await fixture.RowAsync("select level, stage, entity, bubble_id from "
            + $"bubblesync.activity_log where run_id = '{report.Run.RunId}' and bubble_id is not null"));
    }

    [Fact]
    public async Task Force_takes_Bubbles_values_over_what_was_edited_here()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.SyncAsync(10);
        await fixture.ExecuteAsync("update invoice set amount = 99, updated_at = now(); update payment set amount = 98, updated_at = now()");

        var plain = await fixture.SyncAsync(10);
        var forced = await fixture.SyncAsync(new InvoiceSyncOptions { Force = true }, [SyncFixture.Id(10)]);

        Assert.Equal("skip", plain.Results[0].Words());
        Assert.Equal(8, forced.Results[0].Steps.Count);
        Assert.Equal(["1", "2", "5"], await fixture.RowsAsync("select trim_scale(amount)::text from payment union select trim_scale(amount)::text from "
            + "invoice order by 1"));
    }

    [Fact]
    public async Task Force_writes_no_row_that_is_the_same_already()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.SyncAsync(10);
        var before = await fixture.SnapshotAsync();

        var report = await fixture.SyncAsync(new InvoiceSyncOptions { Force = true }, [SyncFixture.Id(10)]);

        Assert.Equal("agent customer user invoice payments submitted_payments invoice_items seda", report.Results[0].Words());
        Assert.All(report.Results[0].Steps, s => Assert.Equal((true, StepOutcome.Unchanged), (s.Success, s.Outcome)));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task With_force_the_steps_show_what_was_unchanged_and_the_program_calls_it_synced()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.SyncAsync(10);
        await fixture.ExecuteAsync("update payment set amount = 98");

        var forced = await fixture.SyncAsync(new InvoiceSyncOptions { Force = true }, [SyncFixture.Id(10)]);
        var said = await Bubblesync.RunAsync(fixture, "sync", "invoice", SyncFixture.Id(10), "--force");
        var json = await Bubblesync.RunAsync(fixture, "sync", "invoice", SyncFixture.Id(10), "--force", "--output", "json");

        Assert.Equal([InvoiceAction.Payments], forced.Results[0].Steps.Where(s => s.Outcome is null).Select(s => s.Action));
        Assert.Matches($@"{SyncFixture.Id(10)}\s+synced\s", said.Output);
        var steps = json.Json.GetProperty("results")[0].GetProperty("steps").EnumerateArray();
        Assert.All(steps, s => Assert.Equal("unchanged", s.GetProperty("outcome").GetString()));
    }

    [Fact]
    public async Task An_invoice_that_is_the_same_under_a_newer_date_is_skipped()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early, "\"Amount\": 5"));
        await fixture.SyncAsync(10);
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Late, "\"Amount\": 5"));

        await fixture.SyncAsync(10);
        var report = await fixture.SyncAsync(10);

        Assert.Equal("skip", report.Results[0].Words());
    }
}
